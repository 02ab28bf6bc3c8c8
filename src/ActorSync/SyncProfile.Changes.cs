using ActorSync.Changes;
using ActorSync.Journal;
using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace ActorSync;

/// <summary>What comes back to the app.</summary>
public sealed partial class SyncProfile
{
    /// <summary>
    /// The merged replica: first every entity in it (behind a <see cref="SnapshotStarts"/>), then each one that changes, for as long as it is read.
    /// Ends when the runtime stops.
    /// </summary>
    /// <remarks>
    /// Read at the reader's own pace: at most 64 entities are held for it, changes of one entity that it has not come to are one, and nothing waits for
    /// it. Changes of this device come too, when the hub has them (<see cref="EntityChanged.IsOwn"/>). Where it stands is not kept:
    /// <see cref="Subscribe"/> keeps it.
    /// </remarks>
    /// <param name="entity">Only those of this name; null for all.</param>
    public IAsyncEnumerable<ReplicaChange> Changes(string? entity = null, CancellationToken cancellation = default) =>
        new ChangeStream(Source).ReadAsync(from: null, subscription: null, entity, cancellation);

    /// <summary>The same from behind a position that the app keeps itself (<see cref="AppInbox"/>); null is the beginning.</summary>
    public IAsyncEnumerable<ReplicaChange> ChangesSince(
        ChangePosition? position,
        string? entity = null,
        CancellationToken cancellation = default
    ) => new ChangeStream(Source).ReadAsync(position, subscription: null, entity, cancellation);

    /// <summary>
    /// The same from where a reader of this name stood, after a restart and a kill too. Asking for the next element says that the one before is done
    /// with; each element comes at least once: after a kill up to 64 come again.
    /// </summary>
    /// <param name="name">Stable. One reader a name at a time; each entity filter of a name stands for itself.</param>
    public IAsyncEnumerable<ReplicaChange> Subscribe(string name, string? entity = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ChangeStream(Source).ReadAsync(from: null, name, entity, cancellation);
    }

    /// <summary>
    /// Hands each change to <paramref name="handler"/> inside a transaction of the app's own file, which also keeps how far it is: what the handler writes
    /// and the position commit together, so no kill loses a change or applies one twice. Runs until it is cancelled or the runtime stops.
    /// </summary>
    /// <remarks>
    /// A handler that throws is tried again after a while, three times in all; then, or when it says <see cref="ChangeOutcome.Defer"/>, that entity is
    /// noted (<see cref="AppInbox.Deferred"/>) and the others go on. What is noted is handed over again, as it is then, at each start, whenever others were
    /// applied, and every minute. A busy or full file is waited for.
    /// </remarks>
    /// <param name="name">Stable: the position is kept under it, in the app's file.</param>
    /// <param name="connection">Open, and nobody else's while this runs.</param>
    /// <exception cref="SqliteException">The app's file cannot be read or written at all.</exception>
    public Task ApplyChangesAsync(
        string name,
        SqliteConnection connection,
        ChangeHandler handler,
        string? entity = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(handler);
        return new ChangeApplier(Source, new AppInboxFile(connection, name), handler, entity).RunAsync(cancellation);
    }

    private ChangeSource Source =>
        new(
            async (question, cancellation) =>
            {
                IActorRef? asker = null;
                try
                {
                    return await _link.AskJournalOnceAsync(replyTo => question(asker = replyTo), cancellation).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (asker is not null)
                {
                    _link.Journal.Tell(new ChangeProtocol.ForgetReader(asker, ActorRefs.Nobody));
                    throw;
                }
            },
            _link.Journal,
            () => _link.IsStopped,
            _link.Platform.Time
        );
}
