using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using Microsoft.Extensions.Logging;

namespace ActorSync.Host.Control;

/// <summary>A verb's way to a profile: the running host's, or one of our own.</summary>
internal interface IDoor : IAsyncDisposable
{
    /// <summary>True when a running host answers.</summary>
    bool IsHost { get; }

    /// <summary>True when what is enqueued goes out meanwhile, so that a full queue gets room.</summary>
    bool Drains { get; }

    Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation);

    /// <summary>Stores all or none, with the source's new position.</summary>
    Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    );
}

/// <summary>A runtime in this process.</summary>
/// <param name="owned">Stopped with the door; null when it is somebody else's.</param>
internal sealed class RuntimeDoor(SyncProfile profile, SyncRuntime? owned, bool drains) : IDoor
{
    public bool IsHost => false;

    public bool Drains => drains;

    public SyncProfile Profile => profile;

    public static async Task<RuntimeDoor> OpenAsync(
        DataFolder folder,
        string profile,
        bool online,
        ILoggerFactory? logs,
        CancellationToken cancellation
    )
    {
        var runtime = await SyncRuntime.StartAsync(HostOptions.Read(folder, profile, online), logs, cancellation: cancellation);
        return new RuntimeDoor(runtime.Default, runtime, online);
    }

    public Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation) =>
        call.Handle(profile, ask, cancellation);

    public Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    ) => profile.EnqueueWithCheckpointAsync(operations, checkpoint, cancellation);

    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;
}
