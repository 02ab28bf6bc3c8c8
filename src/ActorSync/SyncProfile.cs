using System.Collections.Immutable;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Outbox;
using ActorSync.Pull;
using ActorSync.Status;
using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync;

/// <summary>One account binding: its own journal, credential, clock and device id. Methods throw <see cref="SyncException"/> and nothing else of ours.</summary>
/// <remarks>Safe from any thread.</remarks>
public sealed partial class SyncProfile
{
    private readonly ProfileLink _link;

    internal SyncProfile(string name, ProfileLink link) => (Name, _link) = (name, link);

    public string Name { get; }

    /// <summary>Completes when the operation is on disk.</summary>
    /// <param name="cancellation">Looked at before the operation is handed over; what is on its way to the disk is not called back.</param>
    /// <exception cref="InvalidOperationRefusedException">The operation breaks a bound; nothing was stored.</exception>
    /// <exception cref="JournalFullException">The queue is at its limit; nothing was stored.</exception>
    /// <exception cref="JournalUnavailableException">Disk full, I/O error, starting or stopped; not known to be stored. Hand it in again with the same id.</exception>
    public ValueTask<Accepted> EnqueueAsync(NewOperation operation, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(operation);
        cancellation.ThrowIfCancellationRequested();
        if (Intake.Check(operation, _link.Ids.Next, out var intake) is { } fault)
        {
            throw new InvalidOperationRefusedException(fault.Field, fault.Message);
        }

        var request = EnqueueRequest.Rent(intake, _link.Platform.AsynchronousContinuations);
        var completion = request.Task;
        _link.Journal.Tell(request);
        return completion;
    }

    /// <summary>Stores all or none, in one transaction.</summary>
    /// <inheritdoc cref="EnqueueAsync(NewOperation, CancellationToken)"/>
    public ValueTask<ImmutableArray<Accepted>> EnqueueAsync(
        IReadOnlyList<NewOperation> operations,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(operations);
        return new ValueTask<ImmutableArray<Accepted>>(EnqueueWithCheckpointAsync(operations, checkpoint: null, cancellation));
    }

    /// <summary>Completes when the hub has the operation, or will never have it; also after a restart of the process.</summary>
    public async Task<Receipt> WaitForReceiptAsync(OperationId operation, CancellationToken cancellation = default)
    {
        while (true)
        {
            switch (await _link.AskJournalOnceAsync(replyTo => new AwaitReceipt(operation, replyTo), cancellation).ConfigureAwait(false))
            {
                case ReceiptKnown { State: ReceiptState.Unknown }:
                    // Folded away long ago, or never ours: the hub knows.
                    if (await _link.HubHoldsAsync(operation, cancellation).ConfigureAwait(false) is { } held)
                    {
                        return new Receipt(operation, held, held ? null : "not_here: neither the journal nor the hub holds this operation");
                    }

                    break;
                case ReceiptKnown known:
                    return new Receipt(operation, known.State == ReceiptState.Acked, known.Error);
                default:
                    break;
            }

            await Task.Delay(ProfileLink.ReceiptRetry, _link.Platform.Time, cancellation).ConfigureAwait(false);
        }
    }

    public Task<StatusSnapshot> GetStatusAsync(CancellationToken cancellation = default) =>
        _link.AskProfileAsync<StatusSnapshot>(replyTo => new StatusProtocol.GetStatus(replyTo), cancellation);

    /// <summary>Pushes now, both lanes, and completes when the pass is over.</summary>
    public Task<DrainReport> DrainAsync(CancellationToken cancellation = default) =>
        _link.AskProfileAsync<DrainReport>(replyTo => new SyncProtocol.DrainNow(Force: true, replyTo), cancellation, ProfileLink.LongWait);

    /// <summary>Compares the replica with the hub's by their digests; where they differ, what either lacks is brought over. Nothing is sent when they agree.</summary>
    public Task<ReconcileReport> ReconcileAsync(CancellationToken cancellation = default) =>
        _link.AskProfileAsync<ReconcileReport>(replyTo => new PullProtocol.Reconcile(replyTo), cancellation, ProfileLink.LongWait);

    /// <summary>Takes a snapshot of the hangar's source and pushes it now, unless the hub has it; completes when that is over.</summary>
    public Task<HangarOutcome> PushHangarAsync(CancellationToken cancellation = default) =>
        _link.AskProfileAsync<HangarOutcome>(replyTo => new HangarProtocol.PushHangar(replyTo), cancellation, ProfileLink.LongWait);

    /// <summary>Where an operation is, why, and when it is tried next. The one place to ask when something does not arrive.</summary>
    public Task<Explanation> ExplainAsync(OperationId operation, CancellationToken cancellation = default) =>
        _link.AskProfileAsync<Explanation>(replyTo => new StatusProtocol.Explain(operation, replyTo), cancellation);

    /// <summary>Carries over what <see cref="AppOutbox"/> writes into the app's own SQLite file, until the runtime stops. Attach it again after each start.</summary>
    /// <param name="name">Stable: how far the file was carried over is kept under it.</param>
    /// <param name="path">The app's SQLite file.</param>
    public Task AttachOutboxAsync(string name, string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(name);
        if (!ActorPath.IsValidPathElement("outbox-" + name))
        {
            throw new ArgumentException("use letters, digits, '.', '_' and '-'", nameof(name));
        }

        return _link.AskProfileAsync<OutboxProtocol.OutboxAttached>(
            replyTo => new OutboxProtocol.AttachOutbox(name, Path.GetFullPath(path), replyTo),
            cancellation
        );
    }

    /// <summary>Says that the app has committed: the outbox is looked at now, not at its next tick (200 ms).</summary>
    public void NotifyOutbox(string name) => _link.Profile?.Tell(new OutboxProtocol.LookAt(name), ActorRefs.NoSender);
}
