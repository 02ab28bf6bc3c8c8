using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>One row of a hub's replica: a tombstone or a live register, with the merge key of what wrote it.</summary>
/// <param name="Value">Canonical JSON; empty for a tombstone.</param>
internal sealed record SnapshotRow(
    byte[] Entity,
    byte[] EntityId,
    bool IsTombstone,
    byte[] Register,
    ReadOnlyMemory<byte> Value,
    long Lamport,
    DeviceId Device,
    OperationId Operation
);

/// <summary>The point of the hub's log that a snapshot stands for.</summary>
/// <param name="Clock">The greatest stamp of the account up to there; 0 when the hub does not say.</param>
internal sealed record SnapshotPoint(long Cursor, string Head, long Clock);
