namespace ActorSync.Model;

/// <summary>What an operation does to its entity. The numbers are stored; they only grow.</summary>
public enum OperationKind : byte
{
    Set = 0,
    Insert = 1,
    Delete = 2,

    /// <summary>Changes nothing; only advances the clock.</summary>
    Noop = 3,
}

/// <summary>Which of the two queues an operation waits in. Never part of its content. The numbers are stored.</summary>
public enum Lane : byte
{
    /// <summary>What a person waits for: goes first, alone when it can.</summary>
    Priority = 0,

    /// <summary>Imports and backfills.</summary>
    Bulk = 1,
}

/// <summary>What an app hands in: one change of one entity.</summary>
/// <remarks>Bounds are in <see cref="OperationRules"/>; what breaks them is refused before the journal sees it.</remarks>
public sealed class NewOperation
{
    /// <summary>The kind of thing, such as <c>playlist</c>. 1 to 256 bytes of UTF-8.</summary>
    public required string Entity { get; init; }

    /// <summary>Which one. 1 to 1,024 bytes of UTF-8.</summary>
    public required string EntityId { get; init; }

    /// <summary>One register of the entity, or null for the entity as a whole. Up to 256 bytes of UTF-8.</summary>
    public string? Field { get; init; }

    public OperationKind Kind { get; init; } = OperationKind.Set;

    /// <summary>JSON in UTF-8, up to 1 MiB; empty means null.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    public Lane Lane { get; init; } = Lane.Priority;

    /// <summary>The app's own version of the payload's shape, 1 or more.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The caller's own id, or null to be given one. Handing the same id in again changes nothing.</summary>
    public OperationId? OperationId { get; init; }
}

/// <summary>The durable answer to an enqueue: the operation is on disk under this id and stamp.</summary>
/// <param name="Duplicate">True when the journal held this id already; the stored stamp stands.</param>
public readonly record struct Accepted(OperationId OperationId, long Lamport, bool Duplicate);

/// <summary>Which of two writes wins: the higher stamp, then the higher device id, then the higher operation id (WIRE rule b).</summary>
public readonly record struct MergeKey(long Lamport, DeviceId Device, OperationId Operation) : IComparable<MergeKey>
{
    public int CompareTo(MergeKey other)
    {
        var byStamp = Lamport.CompareTo(other.Lamport);
        if (byStamp != 0)
        {
            return byStamp;
        }

        var byDevice = Utf8Order.Compare(Device.Value, other.Device.Value);
        if (byDevice != 0)
        {
            return byDevice;
        }

        Span<byte> mine = stackalloc byte[OperationId.Bytes];
        Span<byte> theirs = stackalloc byte[OperationId.Bytes];
        Operation.WriteTo(mine);
        other.Operation.WriteTo(theirs);
        return mine.SequenceCompareTo(theirs);
    }
}
