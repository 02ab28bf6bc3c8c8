using System.Collections.Immutable;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>What is said to and by the journal about changes that come in, and about what the hub lacks.</summary>
/// <remarks>As with all commands of the journal, <see cref="Unavailable"/> may come instead of a reply. Nothing here ever enqueues.</remarks>
internal static class InboundProtocol
{
    /// <summary>Where pulling stands for this hub and account; another one than before begins anew. Replies <see cref="PullStands"/>.</summary>
    /// <param name="Pass">Comes back with the reply, as in all of these.</param>
    /// <param name="Binding">The hub's address, '|', the account. A command of another binding than that of the last opening changes and gives nothing.</param>
    /// <param name="OfferAgain">What the hub refused to be told is offered once more.</param>
    public sealed record OpenPull(long Pass, string Binding, bool OfferAgain, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Applied">Operations or rows that were merged by the command.</param>
    /// <param name="Quarantined">Operations that could not be.</param>
    public sealed record PullStands(long Pass, PullPlace Place, int Applied, int Quarantined);

    /// <summary>
    /// One page in one transaction: rows observed and merged, own ones confirmed, malformed ones set aside, the position moved. A page that does not
    /// begin at the position changes nothing. Replies <see cref="PullStands"/>.
    /// </summary>
    public sealed record ApplyPage(
        long Pass,
        string Binding,
        long From,
        ImmutableArray<RemoteOp> Operations,
        long LastId,
        string? Head,
        IActorRef ReplyTo
    ) : IJournalCommand;

    /// <summary>
    /// The hub's history is not ours (or not known): its whole replica is going to be compared with ours. Acks of what was read before are not believed
    /// any more; those rows go again. Replies <see cref="PullStands"/>.
    /// </summary>
    public sealed record BeginSnapshot(long Pass, string Binding, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>The next rows of a snapshot, in order, after <see cref="BeginSnapshot"/>: merged, and what the hub lacks between them is noted.</summary>
    /// <param name="End">With the last rows; from then on the hub's pair is ours. Replies <see cref="PullStands"/>.</param>
    public sealed record MergeSnapshot(long Pass, string Binding, ImmutableArray<SnapshotRow> Rows, SnapshotPoint? End, IActorRef ReplyTo)
        : IJournalCommand;

    /// <summary>The hub has no snapshots, and this journal has never heard of it: its log is read from the beginning. Replies <see cref="PullStands"/>.</summary>
    public sealed record SkipSnapshot(long Pass, string Binding, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>The next rows that the hub lacks, as a push of published operations. Replies <see cref="RelayRead"/>.</summary>
    public sealed record ReadRelay(long Pass, string Binding, int MaxOperations, int MaxBytes, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Batch">Null when there is nothing to tell the hub.</param>
    public sealed record RelayRead(long Pass, PushBatch? Batch);

    /// <summary>What the hub said of a relayed batch. Replies <see cref="PullStands"/>; refused rows are kept for another run.</summary>
    public sealed record SettleRelay(long Pass, PushBatch Batch, PushResult Result, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Overwritten values, newest first, from below <paramref name="BelowId"/>. Replies <see cref="Conflicts"/>.</summary>
    public sealed record ListConflicts(long BelowId, int Limit, IActorRef ReplyTo) : IJournalCommand;

    public sealed record Conflicts(ImmutableArray<ConflictRow> Items);

    /// <summary>What could not be merged, newest first. Replies <see cref="Quarantined"/>.</summary>
    public sealed record ListQuarantine(int Limit, IActorRef ReplyTo) : IJournalCommand;

    public sealed record Quarantined(ImmutableArray<QuarantineRow> Items);
}

/// <summary>Where pulling stands.</summary>
/// <param name="Position">The log is merged up to here.</param>
/// <param name="Head">The head there, as the hub said; null at 0.</param>
/// <param name="KnownId">The highest pair that the hub ever told us.</param>
/// <param name="NeedsSnapshot">The hub's replica has to be compared with ours first.</param>
/// <param name="HasRelay">There is something that the hub lacks.</param>
internal sealed record PullPlace(
    long Position,
    string? Head,
    long KnownId,
    string? KnownHead,
    bool NeedsSnapshot,
    bool HasRelay,
    DeviceId Device
);

/// <param name="WonValue">Canonical JSON; null when the entity was deleted.</param>
internal sealed record ConflictRow(
    long Id,
    string Entity,
    string EntityId,
    string Register,
    string? WonValue,
    MergeKey Won,
    string LostValue,
    MergeKey Lost,
    DateTimeOffset FoundAt
);

internal sealed record QuarantineRow(long Id, long HubId, string Reason, ReadOnlyMemory<byte> Raw, DateTimeOffset CameAt);
