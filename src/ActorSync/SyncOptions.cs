namespace ActorSync;

/// <summary>Everything that a runtime is started with. Immutable; read once from HOCON (<c>reference.conf</c> under the app's own) and checked with each key's name.</summary>
public sealed record SyncOptions
{
    /// <summary>Where profiles, journals and credentials live. Created 0700 when it does not exist.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The profiles to start; the first is the default one.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = ["default"];

    /// <summary>The hub of profiles that have none of their own; null for none.</summary>
    public Uri? Hub { get; init; }

    /// <summary>Hosts that plain http is allowed to, beside loopback.</summary>
    public IReadOnlyList<string> PlainHttpHosts { get; init; } = [];

    /// <summary>False: journals can be read and written, nothing is sent; for a command that works without the running host.</summary>
    public bool Online { get; init; } = true;

    public required JournalSettings Journal { get; init; }

    public required DrainSettings Drain { get; init; }

    public required PullSettings Pull { get; init; }

    public required HttpSettings Http { get; init; }

    public required AuthSettings Auth { get; init; }

    public required HangarSettings Hangar { get; init; }

    /// <summary>Where the hangar takes its snapshots from; null for none.</summary>
    public IHangarSource? HangarSource { get; init; }

    public required ShutdownSettings Shutdown { get; init; }

    public required LogSettings Log { get; init; }

    /// <summary>The HOCON that these were read from: its <c>akka</c> part goes to an actor system of our own.</summary>
    internal string? Overlay { get; init; }
}

/// <param name="MaxOperations">Pending, parked and dead operations together; at the limit an enqueue gets <see cref="JournalFullException"/>.</param>
/// <param name="ReserveBytes">A file that is given back to a full disk, so that acks can still be booked.</param>
/// <param name="CacheBytes">SQLite's page cache.</param>
/// <param name="CheckpointPages">WAL pages after which SQLite checkpoints.</param>
/// <param name="MaxGroup">Operations in one transaction at most.</param>
/// <param name="LingerFraction">How much of the last commit's time a group may wait for more, 0 to 1.</param>
/// <param name="FoldOperations">Acked operations folded into the replica in one background transaction.</param>
/// <param name="FoldBacklog">Acked operations that may wait before folding goes ahead of reading.</param>
public sealed record JournalSettings(
    long MaxOperations,
    long ReserveBytes,
    long CacheBytes,
    int CheckpointPages,
    int MaxGroup,
    double LingerFraction,
    int FoldOperations,
    int FoldBacklog
);

/// <param name="Presets">By name: <c>fast</c>, <c>balanced</c>, <c>saver</c>.</param>
/// <param name="Preset">The one in force unless the profile's setting names another.</param>
/// <param name="MaxOperations">In one request, 1 to 1,024.</param>
/// <param name="MaxBytes">Of one request before compression, at most 4 MiB.</param>
/// <param name="DeadLettersPerPass">One more than this stops the pass, lane ERR.</param>
public sealed record DrainSettings(
    IReadOnlyDictionary<string, DrainPreset> Presets,
    string Preset,
    int MaxOperations,
    int MaxBytes,
    bool Gzip,
    int DeadLettersPerPass,
    TimeSpan BackoffMin,
    TimeSpan BackoffMax
);

/// <summary>How often a lane looks by itself, beside being notified.</summary>
/// <param name="Notify">False: an enqueue does not wake the lane, only the interval and a command do.</param>
/// <param name="PullInterval">How often the hub is asked for changes, beside being told of them by the socket.</param>
public sealed record DrainPreset(TimeSpan PriorityInterval, TimeSpan BulkInterval, bool Notify, TimeSpan PullInterval);

/// <param name="MaxOperations">In one page, 1 to 1,000.</param>
/// <param name="Socket">Keep a socket open to be told of changes.</param>
public sealed record PullSettings(int MaxOperations, bool Socket);

/// <param name="ConnectTimeout">DNS, TCP and TLS together.</param>
/// <param name="ResponseTimeout">From the last byte sent to the first header.</param>
/// <param name="IdleTimeout">Between two reads of a body.</param>
/// <param name="MaxConnections">To one hub.</param>
/// <param name="UseProxy">Take the system's proxy.</param>
public sealed record HttpSettings(
    TimeSpan ConnectTimeout,
    TimeSpan ResponseTimeout,
    TimeSpan IdleTimeout,
    int MaxConnections,
    bool UseProxy
);

/// <param name="RenewBefore">A token is renewed this long before its end, or at half its life when that is shorter.</param>
/// <param name="DeviceName">Shown at the hub; the machine's name when empty.</param>
public sealed record AuthSettings(TimeSpan RenewBefore, string DeviceName);

/// <param name="Interval">Between two snapshots.</param>
/// <param name="MaxBytes">Of one request; a larger snapshot is not pushed.</param>
/// <param name="CaptureTimeout">How long the source may take.</param>
public sealed record HangarSettings(TimeSpan Interval, int MaxBytes, TimeSpan CaptureTimeout);

/// <param name="DrainTimeout">How long a clean stop may go on sending.</param>
/// <param name="StopTimeout">When a stop is over, whatever the network does.</param>
public sealed record ShutdownSettings(TimeSpan DrainTimeout, TimeSpan StopTimeout);

/// <summary>What is kept of the actors' log in memory, for <c>actorsync logs</c>.</summary>
/// <param name="Level"><c>DEBUG</c>, <c>INFO</c>, <c>WARNING</c> or <c>ERROR</c>: the lowest that is kept.</param>
/// <param name="Lines">The last so many.</param>
/// <param name="Bytes">What they may take, about.</param>
public sealed record LogSettings(string Level, int Lines, long Bytes)
{
    internal Akka.Event.LogLevel AkkaLevel => Akka.Event.Logging.LogLevelFor(Level);
}
