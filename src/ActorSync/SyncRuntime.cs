using System.Collections.Immutable;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Status;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorSync;

/// <summary>The sync runtime: start one, hand operations in, stop it. Its users see no actor.</summary>
public sealed class SyncRuntime : IAsyncDisposable
{
    private SyncRuntime() => Default = new SyncProfile("default");

    /// <summary>The first profile of the options.</summary>
    public SyncProfile Default { get; }

    public IReadOnlyList<string> Profiles => [Default.Name];

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
    internal static SyncRuntime Create(SyncOptions options, SyncPlatform platform, ILoggerFactory? logs, ActorSystem? system) =>
        throw new NotImplementedException();

    /// <summary>Starts it, once. When it throws, nothing is left running.</summary>
    internal Task OpenAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <exception cref="KeyNotFoundException">No profile of that name was started.</exception>
    public SyncProfile Profile(string name) =>
        name == Default.Name ? Default : throw new KeyNotFoundException($"no profile named '{name}'");

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

    public Task<StatusSnapshot> GetStatusAsync(CancellationToken cancellation = default) => Default.GetStatusAsync(cancellation);

    /// <summary>Drains for a bounded time, then stops every actor, timer, task and socket. A second stop does nothing.</summary>
    public Task StopAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);
}
