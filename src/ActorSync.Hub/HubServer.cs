using System.Net;
using System.Net.Sockets;
using ActorSync.Hub.Accounts;
using ActorSync.Hub.Admin;
using ActorSync.Hub.Http;
using ActorSync.Hub.Store;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSync.Hub;

/// <summary>A running hub: its store, and a web server on it. Embeddable; it reads nothing from the environment and takes no signals.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    private const string UnixScheme = "http://unix:";
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly HubContext _hub;
    private readonly KestrelServer _web;
    private readonly CancellationTokenSource _stopping;
    private readonly string? _adminPath;
    private ITimer? _compaction;
    private readonly ILogger _log;
    private Task _compacting = Task.CompletedTask;
    private int _stopped;

    private HubServer(HubContext hub, KestrelServer web, CancellationTokenSource stopping)
    {
        _hub = hub;
        _stopping = stopping;
        _web = web;
        _log = hub.Options.Logs.CreateLogger<HubServer>();
        _adminPath = hub.Options.AdminSocket ? AdminSocket.PathIn(hub.Options.DataDirectory) : null;
    }

    /// <summary>Where it listens, with the ports that were taken for 0.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>Opens the store and listens; completes when calls are answered.</summary>
    /// <exception cref="HubException">The folder, the file or an address cannot be used.</exception>
    public static async Task<HubServer> StartAsync(HubOptions options, CancellationToken cancellation = default)
    {
        options.Retention.Check();
        foreach (var url in options.Urls)
        {
            CheckUrl(url);
        }

        var store = new StoreThread(options);
        var stopping = new CancellationTokenSource();
        try
        {
            Sync.SnapshotSpool.Sweep(options.DataDirectory);
            var tokens = new AccessTokens(AccessTokens.LoadKey(options.DataDirectory, options.Chance));
            var hub = new HubContext(options, store, tokens, new Credentials(tokens, options)) { Stopping = stopping.Token };
            store.Watcher = hub.Sockets;
            var server = new HubServer(hub, Web(options), stopping);
            await server.ListenAsync(cancellation);
            return server;
        }
        catch
        {
            await store.DisposeAsync();
            stopping.Dispose();
            throw;
        }
    }

    public HubAdmin Admin => _hub.Admin;

    public Task<PairingCode> CreatePairingCodeAsync(string account) => Admin.CreatePairingCodeAsync(account);

    public Task<string> IssueTokenAsync(string account, string deviceId, TimeSpan lifetime) =>
        Admin.IssueTokenAsync(account, deviceId, lifetime);

    public Task<bool> RevokeDeviceAsync(string account, string deviceId) => Admin.RevokeDeviceAsync(account, deviceId);

    public Task<bool> SetAccountStatusAsync(string account, AccountStatus status) => Admin.SetAccountStatusAsync(account, status);

    public Task<HangarSnapshot?> HangarAsync(string account, string deviceId) => Admin.HangarAsync(account, deviceId);

    public Task<long> CompactAsync() => Admin.CompactAsync();

    /// <summary>Answers what is under way, for at most five seconds, then closes the store. A second stop does nothing.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        _compaction?.Dispose();
        _hub.Sockets.Stop();
        await _stopping.CancelAsync();
        using var timeout = new CancellationTokenSource(StopTimeout, _hub.Options.Time);
        await _web.StopAsync(timeout.Token);
        _web.Dispose();
        if (_adminPath is not null)
        {
            File.Delete(_adminPath);
        }

        await _hub.Store.DisposeAsync();
        _stopping.Dispose();
        _log.LogInformation("Hub stopped");
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private void CompactInTurn()
    {
        if (_compacting.IsCompleted)
        {
            _compacting = LogAsync();
        }

        async Task LogAsync()
        {
            try
            {
                if (await CompactAsync() is > 0 and var count)
                {
                    _log.LogInformation("Compacted {Count} operations", count);
                }
            }
            catch (StoreUnavailableException e)
            {
                _log.LogWarning("Compaction waits for its next turn: {Reason}", e.Message);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        var addresses = _web.Features.Get<IServerAddressesFeature>()!;
        foreach (var url in _hub.Options.Urls)
        {
            addresses.Addresses.Add(url);
        }

        if (_adminPath is not null)
        {
            // What is there was left by a process that is gone: the folder's lock is ours.
            File.Delete(_adminPath);
            addresses.Addresses.Add(UnixScheme + _adminPath);
        }

        try
        {
            await _web.StartAsync(new HubApplication(_hub), cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            _web.Dispose();
            throw new HubException(
                "hub_address",
                $"cannot listen on {string.Join(", ", _hub.Options.Urls)}: {e.Message}",
                "choose an address of this machine and a free port",
                e
            );
        }

        if (_adminPath is not null && !OperatingSystem.IsWindows())
        {
            // The folder is 0700, so nobody else came in between.
            File.SetUnixFileMode(_adminPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Addresses = [.. addresses.Addresses.Where(a => !a.StartsWith(UnixScheme, StringComparison.Ordinal)).Select(a => new Uri(a))];
        if (_hub.Options.AdminSocket && _adminPath is null)
        {
            _log.LogWarning(
                "The name of {Folder} is too long for a socket: an operator has to stop the hub first",
                _hub.Options.DataDirectory
            );
        }

        if (!_hub.Options.Faults.Rules.IsEmpty)
        {
            _log.LogWarning("This hub does wrong on purpose, seed {Seed}: {Rules}", _hub.Options.Faults.Seed, _hub.Options.Faults.Rules);
        }

        var every = _hub.Options.Retention.Every;
        _compaction = _hub.Options.Time.CreateTimer(_ => CompactInTurn(), null, every, every);
        _log.LogInformation("Hub listens on {Addresses}", string.Join(", ", Addresses));
    }

    private static KestrelServer Web(HubOptions options)
    {
        var limits = options.Limits;
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);

        // A bound of our own is checked while reading, with our own answer; this one is behind it.
        kestrel.Limits.MaxRequestBodySize = limits.BodyBytes + 1;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 50;
        kestrel.Limits.MaxRequestLineSize = 4 << 10;
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = limits.Sockets;
        kestrel.Limits.MaxRequestBufferSize = 64 << 10;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BodyBytesPerSecond, TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(limits.BodyBytesPerSecond, TimeSpan.FromSeconds(5));
        kestrel.Limits.RequestHeadersTimeout = limits.HeadersTime;
        kestrel.Limits.KeepAliveTimeout = limits.IdleTime;
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), options.Logs);
        return new KestrelServer(Options.Create(kestrel), transport, options.Logs);
    }

    private static void CheckUrl(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
        {
            throw new HubException(
                "hub_address",
                $"'{url}' is no address to listen on",
                "write it as http://127.0.0.1:8787; a proxy in front speaks https"
            );
        }

        if (uri.Port == 0 && !IPAddress.TryParse(uri.Host.Trim('[', ']'), out _))
        {
            throw new HubException("hub_address", $"'{url}' asks for a free port of a name", "give an IP address with port 0, or a port");
        }
    }
}
