using ActorSync.Hub.Http;
using ActorSync.Platform;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorSync.Hub;

/// <summary>Everything that a hub is started with. Nothing is read from the environment.</summary>
internal sealed record HubOptions
{
    /// <summary>Holds <c>hub.db</c>, <c>hub.key</c> and <c>hub.lock</c>. Created 0700 when it does not exist.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Plain http only; a proxy in front speaks TLS. Port 0 takes a free one.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:0"];

    /// <summary>How long an access token is good that comes with a refresh token.</summary>
    /// <value>Default 15 minutes.</value>
    public TimeSpan AccessTokenLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a pairing code is good.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan PairingCodeLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a refresh token stays good after it was used, since the answer may have been lost.</summary>
    /// <value>Default 60 seconds.</value>
    public TimeSpan RefreshGrace { get; init; } = TimeSpan.FromSeconds(60);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IChance Chance { get; init; } = new SystemChance();

    /// <summary>Whether an operator is listened to on <c>hub.sock</c> in the folder.</summary>
    public bool AdminSocket { get; init; }

    public HubRetention Retention { get; init; } = new();

    public HubLimits Limits { get; init; } = new();

    /// <summary>What it does wrong on purpose.</summary>
    /// <value>Default nothing.</value>
    public HubFaults Faults { get; init; } = HubFaults.None;

    /// <summary>Where the hub logs to.</summary>
    /// <value>Default nowhere.</value>
    public ILoggerFactory Logs { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The SQLite VFS that the store is opened with; null is the platform's.</summary>
    public string? SqliteVfs { get; init; }
}

/// <summary>What keeps a hub bounded, whoever calls.</summary>
internal sealed record HubLimits
{
    /// <summary>Of one body, after decompression. The protocol says 4 MiB.</summary>
    public int BodyBytes { get; init; } = 4 << 20;

    /// <summary>Of all bodies that are being read or inflated together; more are answered 503.</summary>
    public long BufferedBytes { get; init; } = 48 << 20;

    /// <summary>Of one page of a pull; a page holds one operation at least.</summary>
    public int PageBytes { get; init; } = 4 << 20;

    /// <summary>Open at a time, sockets apart; more are closed as they come.</summary>
    public int Connections { get; init; } = 1_000;

    /// <summary>Snapshots that are being sent together, of one account; each is a file as large as the replica's JSON while it is sent. More are answered 503.</summary>
    public int SnapshotsPerAccount { get; init; } = 4;

    /// <summary>Snapshots that are being sent together, of all accounts.</summary>
    public int Snapshots { get; init; } = 16;

    /// <summary>After it a snapshot that is still being sent is broken off.</summary>
    public TimeSpan SnapshotTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Open sockets of one account. More are answered 429: who gets none polls.</summary>
    public int SocketsPerAccount { get; init; } = 64;

    /// <summary>Open sockets of all accounts. They do not count as <see cref="Connections"/>.</summary>
    public int Sockets { get; init; } = 5_000;

    /// <summary>How often a socket is pinged that says nothing.</summary>
    public TimeSpan SocketPing { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take to answer a ping; then it is closed.</summary>
    public TimeSpan SocketSilence { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a socket may take to accept a frame; then it is closed with 4408.</summary>
    public TimeSpan SocketSendTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Calls that wait for the store; more are answered 503.</summary>
    public int WaitingCalls { get; init; } = 4_096;

    /// <summary>How long the headers of a request may take.</summary>
    public TimeSpan HeadersTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be open without a request.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Below it, after 5 seconds, a body is given up.</summary>
    public int BodyBytesPerSecond { get; init; } = 240;

    /// <summary>Tries to redeem a code, by one address.</summary>
    public int PairingTriesPerMinute { get; init; } = 10;

    /// <summary>Sign-in pages shown, to one address.</summary>
    public int SignInPagesPerMinute { get; init; } = 60;

    /// <summary>Of the store's file; 0 for no bound. At the bound pushes are answered 503.</summary>
    public long StoreBytes { get; init; }
}
