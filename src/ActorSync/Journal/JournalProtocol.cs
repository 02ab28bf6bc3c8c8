using System.Collections.Immutable;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Journal;

/// <summary>Everything that is said to and by the journal of a profile.</summary>
/// <remarks>
/// Any command may be answered with <see cref="Unavailable"/> instead of its own reply: the journal is restarting, its disk is full, or it has
/// stopped. Nothing was changed then, or some of what goes in steps (<see cref="JournalProtocol.ClearQueue"/>, every dead letter): the rest is still there.
/// </remarks>
internal static class JournalProtocol
{
    public interface IJournalCommand
    {
        IActorRef ReplyTo { get; }
    }

    /// <summary>The typed "not now" that any command may get.</summary>
    public sealed record Unavailable(string Reason, string Remedy);

    /// <summary>Told to the parent once, when the file is open and operations are taken.</summary>
    public sealed record JournalOpened(DeviceId Device);

    // ---- Enqueue (beside the pooled EnqueueRequest of the façade) ----

    /// <summary>Stores all or none. Replies <see cref="Stored"/>, <see cref="Full"/>, <see cref="Refused"/>.</summary>
    /// <param name="Checkpoint">Committed with the rows; null when the source needs none.</param>
    public sealed record EnqueueMany(ImmutableArray<NewOperation> Operations, SourceCheckpoint? Checkpoint, IActorRef ReplyTo)
        : IJournalCommand;

    public sealed record Stored(ImmutableArray<Accepted> Accepted);

    public sealed record Full(long Limit);

    /// <param name="Index">Which operation of the command, from 0.</param>
    public sealed record Refused(int Index, string Field, string Message);

    /// <summary>How far a source (an import file, an app's outbox) has been taken over.</summary>
    /// <param name="Source">For a file: <c>file:</c> and its SHA-256 in hex; for an outbox: <c>outbox:</c> and its name.</param>
    public sealed record SourceCheckpoint(string Source, long Position);

    /// <summary>Replies <see cref="SourceCheckpoint"/>, position 0 when the source is new.</summary>
    public sealed record GetCheckpoint(string Source, IActorRef ReplyTo) : IJournalCommand;

    // ---- Drain: one pass a lane; a pass reads batches ahead, settles them in order, releases them ----

    /// <summary>Forgets what the lane had read and starts again behind its mark. Replies <see cref="PassOpened"/>.</summary>
    public sealed record OpenPass(Lane Lane, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Pass">Goes with every message of this pass; those of an older pass are dropped.</param>
    public sealed record PassOpened(Lane Lane, long Pass, long Pending);

    /// <summary>Reads the next rows of the lane that may be sent (WIRE rule h). Replies <see cref="BatchRead"/>.</summary>
    public sealed record ReadBatch(Lane Lane, long Pass, int MaxOperations, int MaxBytes, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Batch">Null when nothing more can be read now: the lane is empty, or all that is left waits for a key in flight.</param>
    /// <param name="Pending">Operations of this lane that are still pending.</param>
    public sealed record BatchRead(Lane Lane, long Pass, PushBatch? Batch, long Pending);

    /// <summary>
    /// Books what the hub named: accepted rows are acked with the stamp that stands, rejected ones go to the dead letters, blocked ones are
    /// parked; a rejected one that another device made leaves the queue with its reason kept. May be said several times for one batch (its halves); indexes are those of the whole batch. Replies <see cref="BatchSettled"/>.
    /// </summary>
    public sealed record SettleBatch(Lane Lane, long Pass, PushBatch Batch, PushResult Result, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Dead">When above 0, what was read ahead may hold later rows of a dead key: leave those out.</param>
    public sealed record BatchSettled(Lane Lane, long Pass, int Acked, int Dead, int Parked, long Pending)
    {
        /// <summary>The answer is not known to be of the hub's present history: nothing was booked. Read again, with the pair of now, and send again.</summary>
        public bool IsUnproven { get; init; }
    }

    /// <summary>Counts one real attempt on rows [From, From + Count) of the batch and records the error. Replies <see cref="AttemptRecorded"/>.</summary>
    public sealed record RecordAttempt(Lane Lane, long Pass, PushBatch Batch, int From, int Count, string Error, IActorRef ReplyTo)
        : IJournalCommand;

    public sealed record AttemptRecorded(Lane Lane, long Pass);

    /// <summary>Later rows of this row's key are skipped for the rest of the pass. No reply.</summary>
    public sealed record HoldKey(Lane Lane, long Pass, PushBatch Batch, int Index, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>
    /// The batch is done with: its keys are free, its buffer goes back. No reply. Rows that were not settled stay pending, and later ones of their
    /// keys are skipped for the rest of the pass, as with <see cref="HoldKey"/>.
    /// </summary>
    public sealed record ReleaseBatch(Lane Lane, long Pass, PushBatch Batch, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>WIRE rule g in one transaction. Replies <see cref="Recovered"/>.</summary>
    public sealed record RecoverFromRegression(long StoredMax, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Delta">0 when the clock was there already and nothing shifted.</param>
    public sealed record Recovered(long Clock, long Delta);

    // ---- Dead letters and parked operations ----

    /// <summary>Dead or parked by hand, back to pending, same id and stamp; null is every one. Replies <see cref="Changed"/>.</summary>
    public sealed record RetryDead(OperationId? Operation, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>The dead letter leaves the queue, its reason is kept, what was parked behind it is free. Replies <see cref="Changed"/>.</summary>
    public sealed record DiscardDead(OperationId Operation, string Reason, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Sets a pending operation aside as a dead letter by hand; later ones of its key are parked. Replies <see cref="Changed"/>.</summary>
    public sealed record ParkOperation(OperationId Operation, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Drops every pending, parked and dead row that is there, in steps, the newest first. Replies <see cref="Changed"/> when all are gone.</summary>
    public sealed record ClearQueue(IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Count">0: no such operation in that state.</param>
    public sealed record Changed(long Count);

    // ---- Questions ----

    /// <summary>Replies <see cref="JournalRow"/> or <see cref="NoSuchOperation"/>.</summary>
    public sealed record GetOperation(OperationId Operation, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>
    /// Rows in FIFO order from behind <paramref name="AfterSeq"/>; a limit of 0 or less gives none, and large payloads end a page early.
    /// Replies <see cref="Rows"/>.
    /// </summary>
    public sealed record ListOperations(RowState State, long AfterSeq, int Limit, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="HasMore">The limit or the size of a page ended it; there may be more.</param>
    public sealed record Rows(ImmutableArray<JournalRow> Items, bool HasMore);

    public sealed record NoSuchOperation(OperationId Operation);

    /// <summary>Replies <see cref="JournalCounts"/>, from counters: never a scan.</summary>
    public sealed record GetCounts(IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Replies <see cref="ReceiptKnown"/> at once, or when the operation is acked, dead-lettered or discarded.</summary>
    public sealed record AwaitReceipt(OperationId Operation, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Who asked with <see cref="AwaitReceipt"/> has given up. No reply.</summary>
    public sealed record ForgetReceipt(OperationId Operation, IActorRef Asker) : IJournalCommand
    {
        IActorRef IJournalCommand.ReplyTo => ActorRefs.Nobody;
    }

    /// <param name="State">Acked, Dead, Discarded, or Unknown: the journal does not hold it (any more); the hub can be asked.</param>
    public sealed record ReceiptKnown(OperationId Operation, ReceiptState State, string? Error);

    /// <summary>Folds what is acked into the replica and replies <see cref="ReplicaDigested"/>.</summary>
    public sealed record GetDigest(IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Digest">64 hex digits.</param>
    public sealed record ReplicaDigested(string Digest, ImmutableSortedDictionary<string, string> Entities);

    /// <summary>One entity, or every id of it when null, from the replica with pending operations laid over. Replies <see cref="Entities"/>.</summary>
    public sealed record GetEntities(string Entity, string? EntityId, string? AfterId, int Limit, IActorRef ReplyTo) : IJournalCommand;

    public sealed record Entities(ImmutableArray<EntityView> Items);

    /// <param name="Registers">Register name to canonical JSON.</param>
    /// <param name="Pending">An operation of this entity is not published yet.</param>
    public sealed record EntityView(
        string Entity,
        string EntityId,
        bool Deleted,
        ImmutableSortedDictionary<string, string> Registers,
        bool Pending
    );

    /// <summary>The profile's durable settings by key. Replies <see cref="Settings"/>.</summary>
    public sealed record GetSettings(IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Patches the named keys only; a null value removes one. Replies <see cref="Settings"/> as they are after it.</summary>
    public sealed record PatchSettings(ImmutableSortedDictionary<string, string?> Patch, IActorRef ReplyTo) : IJournalCommand;

    public sealed record Settings(ImmutableSortedDictionary<string, string> Values);

    /// <summary>Said to a subscriber whenever operations became pending. Coalesced: at most one unread a subscriber.</summary>
    /// <remarks>A subscriber says <see cref="Subscribe"/> again after each one.</remarks>
    public sealed record OperationsPending(bool Priority, bool Bulk);

    public sealed record Subscribe(IActorRef ReplyTo) : IJournalCommand;
}

/// <summary>Where a row stands. Numbers are stored.</summary>
internal enum RowState : byte
{
    Pending = 0,
    Parked = 1,
    Dead = 2,
    Acked = 3,
}

internal enum ReceiptState
{
    Acked,
    Dead,
    Discarded,
    Unknown,
}

/// <summary>One row as people and the CLI see it.</summary>
internal sealed record JournalRow(
    long Seq,
    OperationId OperationId,
    long Lamport,
    DeviceId? Origin,
    string Entity,
    string EntityId,
    string? Field,
    OperationKind Kind,
    string? Payload,
    Lane Lane,
    int Schema,
    DateTimeOffset CreatedAt,
    int Attempts,
    DateTimeOffset? LastAttemptAt,
    string? LastError,
    RowState State,
    bool Published,
    OperationId? BlockedBy
);

/// <summary>The journal in numbers, and what the hub last said.</summary>
internal sealed record JournalCounts(
    DeviceId Device,
    long Clock,
    LaneCounts Priority,
    LaneCounts Bulk,
    long Dead,
    long Parked,
    long PayloadBytes,
    long Limit,
    long AckedEver,
    long HubLastId,
    string? HubHead,
    long ReceiptHighestLamport,
    DateTimeOffset? ReceiptAt
)
{
    public long Pending => Priority.Pending + Bulk.Pending;

    /// <summary>Up to which id the hub's log is merged.</summary>
    public long Position { get; init; }

    /// <summary>Overwritten values that are kept, and what came in and could not be merged.</summary>
    public (long Overwritten, long SetAside) Conflicts { get; init; }
}

/// <param name="OldestCreatedAt">When the oldest pending operation of the lane was accepted.</param>
internal sealed record LaneCounts(long Pending, DateTimeOffset? OldestCreatedAt);
