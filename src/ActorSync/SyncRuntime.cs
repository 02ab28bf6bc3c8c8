using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Changes;
using ActorSync.Diagnostics;
using ActorSync.Events;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Runtime;
using ActorSync.Status;
using ActorSync.Wire;
using Akka.Actor;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync;

/// <summary>The sync runtime: start one, hand operations in, stop it. Its users see no actor.</summary>
public sealed partial class SyncRuntime : IAsyncDisposable
{
    private readonly SyncOptions _options;
    private readonly SyncPlatform _platform;
    private readonly ILoggerFactory? _logs;
    private readonly ActorSystem? _hostSystem;
    private readonly HubHttp _hub;
    private volatile IReadOnlyList<(SyncProfile Profile, ProfileLink Link)> _profiles;
    private readonly EventFeed _events;
    private readonly Lock _gate = new();
    private ActorSystem? _system;
    private IActorRef? _tree;
    private Task? _opening;
    private Task? _stopping;

    private SyncRuntime(SyncOptions options, SyncPlatform platform, ILoggerFactory? logs, ActorSystem? system)
    {
        (_options, _platform, _logs, _hostSystem) = (options, platform, logs, system);
        _hub = new HubHttp(options.Http, platform);
        _events = new EventFeed(platform.Time, platform.AsynchronousContinuations);
        _profiles = [.. options.Profiles.Select(MakeProfile)];
    }

    /// <summary>The first profile of the options.</summary>
    public SyncProfile Default => _profiles[0].Profile;

    public IReadOnlyList<string> Profiles => [.. _profiles.Select(profile => profile.Profile.Name)];

    /// <summary>
    /// What an app may want to show or act on, of all profiles. Each enumeration is a subscriber of its own: it gets the current state first, then what
    /// happens, until the runtime has stopped. A slow one never holds up the runtime: 256 events wait for it, then it is told <see cref="Missed"/> and the
    /// state of that moment.
    /// </summary>
    public IAsyncEnumerable<SyncEvent> Events => _events.ReadAsync();

    /// <summary>The live tree's actor system, for a host that looks at it; null before the start.</summary>
    internal ActorSystem? System => _system;

    /// <summary>Opens the journals and starts the supervisor tree; completes when every profile can take operations or says why it cannot.</summary>
    /// <param name="logs">Where Akka's log goes; null for nowhere.</param>
    /// <param name="system">The host's own actor system; null to make one, which then ends with the runtime.</param>
    /// <exception cref="JournalOpenException">The default profile's journal may not be opened: locked, corrupt, newer, or its path is unusable.</exception>
    /// <exception cref="InvalidSettingException">A setting is wrong.</exception>
    public static Task<SyncRuntime> StartAsync(
        SyncOptions options,
        ILoggerFactory? logs = null,
        ActorSystem? system = null,
        CancellationToken cancellation = default
    ) => StartAsync(options, SyncPlatform.Real(), logs, system, cancellation);

    internal static async Task<SyncRuntime> StartAsync(
        SyncOptions options,
        SyncPlatform platform,
        ILoggerFactory? logs,
        ActorSystem? system,
        CancellationToken cancellation
    )
    {
        var runtime = Create(options, platform, logs, system);
        await runtime.OpenAsync(cancellation).ConfigureAwait(false);
        return runtime;
    }

    /// <summary>A runtime that is not started yet: a container hands it out before the host starts its services. Until then it answers "starting".</summary>
    internal static SyncRuntime Create(SyncOptions options, SyncPlatform platform, ILoggerFactory? logs, ActorSystem? system)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new SyncRuntime(options, platform, logs, system);
    }

    /// <summary>Starts it, once. When it throws, nothing is left running.</summary>
    internal Task OpenAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            return _opening ??= StartTreeAsync(cancellation);
        }
    }

    /// <exception cref="KeyNotFoundException">No profile of that name was started.</exception>
    public SyncProfile Profile(string name) =>
        _profiles.FirstOrDefault(profile => profile.Profile.Name == name).Profile
        ?? throw new KeyNotFoundException($"no profile named '{name}' was started");

    /// <inheritdoc cref="SyncProfile.EnqueueAsync(NewOperation, CancellationToken)"/>
    public ValueTask<Accepted> EnqueueAsync(NewOperation operation, CancellationToken cancellation = default) =>
        Default.EnqueueAsync(operation, cancellation);

    /// <inheritdoc cref="SyncProfile.EnqueueAsync(IReadOnlyList{NewOperation}, CancellationToken)"/>
    public ValueTask<ImmutableArray<Accepted>> EnqueueAsync(
        IReadOnlyList<NewOperation> operations,
        CancellationToken cancellation = default
    ) => Default.EnqueueAsync(operations, cancellation);

    /// <inheritdoc cref="SyncProfile.WaitForReceiptAsync"/>
    public Task<Receipt> WaitForReceiptAsync(OperationId operation, CancellationToken cancellation = default) =>
        Default.WaitForReceiptAsync(operation, cancellation);

    /// <inheritdoc cref="SyncProfile.Changes"/>
    public IAsyncEnumerable<ReplicaChange> Changes(string? entity = null, CancellationToken cancellation = default) =>
        Default.Changes(entity, cancellation);

    /// <inheritdoc cref="SyncProfile.Subscribe"/>
    public IAsyncEnumerable<ReplicaChange> Subscribe(string name, string? entity = null, CancellationToken cancellation = default) =>
        Default.Subscribe(name, entity, cancellation);

    /// <inheritdoc cref="SyncProfile.ApplyChangesAsync"/>
    public Task ApplyChangesAsync(
        string name,
        SqliteConnection connection,
        ChangeHandler handler,
        string? entity = null,
        CancellationToken cancellation = default
    ) => Default.ApplyChangesAsync(name, connection, handler, entity, cancellation);

    public Task<StatusSnapshot> GetStatusAsync(CancellationToken cancellation = default) => Default.GetStatusAsync(cancellation);

    /// <summary>Drains for a bounded time, then stops every actor, timer, task and socket. A second stop does nothing.</summary>
    /// <param name="cancellation">Ends the waiting, not the stop.</param>
    public Task StopAsync(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            _stopping ??= StopTreeAsync();
            return _stopping.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private (SyncProfile, ProfileLink) MakeProfile(string name)
    {
        var link = new ProfileLink(new JournalPort(), _hub, _platform, _options);
        return (new SyncProfile(name, link), link);
    }

    private async Task StartTreeAsync(CancellationToken cancellation)
    {
        try
        {
            _system = _hostSystem ?? ActorSystem.Create("actorsync", SyncOptionsReader.AkkaSetup(_options, _logs));
            if (_hostSystem is not null)
            {
                SyncOptionsReader.AddDispatchersTo(_hostSystem, _options);
                ShutdownHook.Add(_hostSystem, () => StopAsync(CancellationToken.None));
            }

            var setups = _profiles.Select(one => Setup(one.Profile.Name, one.Link)).ToImmutableArray();
            _tree = _system.ActorOf(RuntimeSupervisor.Props(setups, _platform), RuntimeSupervisor.Name);
            foreach (var (profile, link) in _profiles)
            {
                await OpenProfileAsync(profile.Name, link, cancellation).ConfigureAwait(false);
            }
        }
        catch
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private ProfileSetup Setup(string name, ProfileLink link)
    {
        var folder = Path.Combine(_options.DataDirectory, "profiles", name);
        var metrics = SyncMetrics.Of(_system!);
        link.Statistics.OnCommitted = operations => metrics.GroupCommitted(name, operations);
        var store = new CredentialStore(folder);
        return new ProfileSetup(
            name,
            _options,
            _platform,
            link.Journal,
            new MeteredHub(_hub, metrics, name, _platform.Time),
            new ProfileChildren(
                () => JournalActor.Props(Path.Combine(folder, "journal.db"), _options.Journal, _platform, link.Statistics),
                (device, authority, listener) =>
                    AuthActor
                        .Props(
                            new AuthSetup(store, _hub, device, _options.Auth, _platform, [.. _options.PlainHttpHosts], [listener])
                            {
                                Authority = authority,
                            }
                        )
                        .WithDispatcher("actorsync.storage-dispatcher")
            )
        )
        {
            Events = _events,
        };
    }

    private async Task OpenProfileAsync(string name, ProfileLink link, CancellationToken cancellation)
    {
        var readiness = await _tree!
            .Ask<Readiness>(replyTo => new GetProfile(name, replyTo), ProfileLink.StartWait, cancellation)
            .ConfigureAwait(false);
        link.Profile = readiness.Profile;
        // A failed profile stays visible beside others; alone, or as the default one, it is the start that failed.
        if (readiness is RuntimeProtocol.ProfileFailed failed && name == Default.Name)
        {
            if (failed.Cause is { } cause)
            {
                ExceptionDispatchInfo.Throw(cause);
            }

            throw new JournalUnavailableException(failed.Reason, failed.Remedy);
        }
    }

    private async Task StopTreeAsync()
    {
        try
        {
            if (_tree is { } tree)
            {
                await tree.Ask<Stopped>(
                        replyTo => new StopRuntime(replyTo),
                        _options.Shutdown.StopTimeout + ProfileLink.StopGrace,
                        CancellationToken.None
                    )
                    .ConfigureAwait(false);
            }
        }
        catch (AskTimeoutException)
        {
            // Whatever does not end by itself ends with the system below.
        }
        finally
        {
            foreach (var (_, link) in _profiles)
            {
                link.Journal.Down("the runtime has stopped", "start it again");
                link.Profile = null;
                link.IsStopped = true;
            }

            if (_hostSystem is null && _system is { } own)
            {
                await own.Terminate().ConfigureAwait(false);
            }

            _events.Complete();
            _hub.Dispose();
        }
    }
}
