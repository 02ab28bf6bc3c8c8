using System.Collections.Immutable;
using ActorSync.Model;

namespace ActorSync.Changes;

/// <summary>A place in the order of a journal's changes. Kept by whoever reads, and given back to go on behind it.</summary>
/// <param name="Epoch">Which life of the journal's file it is of: a restored older copy is another one from there on.</param>
/// <param name="Value">Grows with every change; 0 is before the first.</param>
public sealed record ChangePosition(Guid Epoch, long Value);

/// <summary>An element of a stream of changes: <see cref="EntityChanged"/> or <see cref="SnapshotStarts"/>.</summary>
public abstract record ReplicaChange(ChangePosition Position);

/// <summary>
/// All of the replica follows, as changes: the reader is new, or its position is not of this journal (an older copy of the file was restored, or the
/// position is of thousands of starts ago). What the app holds may be taken for stale until its entity comes.
/// </summary>
public sealed record SnapshotStarts(ChangePosition Position) : ReplicaChange(Position);

/// <summary>An entity as the merged replica holds it, because something in it changed.</summary>
/// <remarks>
/// It says what is, not each step there: changes that were made meanwhile come as one. Operations of this device come when the hub has them; one that
/// the hub refused comes as the entity without it, so that what the app showed ahead is rolled back.
/// </remarks>
/// <param name="IsDeleted">No register is alive: it was deleted, or it was never more than a refused operation of this device.</param>
/// <param name="Registers">Every live register, by name.</param>
/// <param name="Latest">The greatest write to it, a delete included; null when the hub refused all there was.</param>
/// <param name="IsOwn">The greatest write is of this device.</param>
public sealed record EntityChanged(
    ChangePosition Position,
    string Entity,
    string EntityId,
    bool IsDeleted,
    ImmutableSortedDictionary<string, RegisterValue> Registers,
    MergeKey? Latest,
    bool IsOwn
) : ReplicaChange(Position);

/// <param name="Json">Canonical JSON.</param>
/// <param name="Winner">The write that stands.</param>
public sealed record RegisterValue(string Json, MergeKey Winner);
