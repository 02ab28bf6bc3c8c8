using System.Net;
using System.Net.Sockets;
using ActorSync.Hub.Accounts;
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
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly HubContext _hub;
    private readonly KestrelServer _web;
    private readonly CancellationTokenSource _stopping;
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

    /// <summary>A code that lets one device join the account. The account is made on first use.</summary>
    /// <param name="account">The account's handle: 1 to 128 characters, not blank.</param>
    public Task<PairingCode> CreatePairingCodeAsync(string account)
    {
        var handle = HandleOf(account);
        return _hub.Store.RunAsync(store => _hub.Credentials.StartPairing(store, _hub.Credentials.AccountOf(store, handle)));
    }

    /// <summary>An access token to be pasted: it has a life of its own and cannot be refreshed. Account and device are made on first use.</summary>
    public Task<string> IssueTokenAsync(string account, string deviceId, TimeSpan lifetime)
    {
        var handle = HandleOf(account);
        ArgumentException.ThrowIfNullOrWhiteSpace(deviceId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            System.Text.Encoding.UTF8.GetByteCount(deviceId),
            Sync.Fields.MaxDeviceBytes,
            nameof(deviceId)
        );
        return _hub.Store.RunAsync(store =>
            _hub.Credentials.IssuePasted(store, _hub.Credentials.AccountOf(store, handle), deviceId, lifetime)
        );
    }

    /// <summary>Ends all that a device signs in with. False when the account has no such device.</summary>
    public Task<bool> RevokeDeviceAsync(string account, string deviceId)
    {
        var handle = HandleOf(account);
        return _hub.Store.RunAsync(store =>
        {
            if (store.Accounts.ByHandle(handle) is not { } found || found.Device(deviceId) is not { } device)
            {
                return false;
            }

            Credentials.Revoke(store, found, device);
            return true;
        });
    }

    /// <summary>Lets an account sync, or not. False when there is no such account.</summary>
    public Task<bool> SetAccountStatusAsync(string account, AccountStatus status)
    {
        var handle = HandleOf(account);
        return _hub.Store.RunAsync(store =>
        {
            if (store.Accounts.ByHandle(handle) is not { } found)
            {
                return false;
            }

            found.Status = status;
            found.Changed = true;
            store.Doubt(found);
            return true;
        });
    }

    /// <summary>Compacts now what the retention does not keep; it is done by itself now and then. Gives the number of operations.</summary>
    public Task<long> CompactAsync() => _hub.Store.RunLongAsync(new Sync.CompactionWork(_hub.Options.Retention));

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

        Addresses = [.. addresses.Addresses.Select(a => new Uri(a))];
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
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
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

    private static string HandleOf(string account)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(account);
        var handle = account.Trim();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(handle.Length, 128, nameof(account));
        return handle;
    }
}
