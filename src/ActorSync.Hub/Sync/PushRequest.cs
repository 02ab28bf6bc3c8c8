using System.Buffers;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>A push as it was read: the envelope, and the operations in a pooled array that point into the body.</summary>
internal sealed class PushRequest : IDisposable
{
    public const int MaxOperations = 1024;

    private PushedOp[] _ops = ArrayPool<PushedOp>.Shared.Rent(16);

    public string Device { get; set; } = "";

    /// <summary>Null when the caller sent none: the strict rule is for it.</summary>
    public long? Clock { get; set; }

    /// <summary>Null when the caller knows no pair yet.</summary>
    public KnownPair? Known { get; set; }

    public int Count { get; private set; }

    public Span<PushedOp> Ops => _ops.AsSpan(0, Count);

    /// <summary>A blank slot behind the last operation.</summary>
    public ref PushedOp Add()
    {
        if (Count == _ops.Length)
        {
            var grown = ArrayPool<PushedOp>.Shared.Rent(2 * Count);
            Ops.CopyTo(grown);
            ArrayPool<PushedOp>.Shared.Return(_ops, clearArray: true);
            _ops = grown;
        }

        ref var slot = ref _ops[Count++];
        slot = default;
        return ref slot;
    }

    public void Dispose()
    {
        ArrayPool<PushedOp>.Shared.Return(_ops, clearArray: true);
        _ops = [];
        Count = 0;
    }
}

/// <param name="Head">32 bytes.</param>
internal sealed record KnownPair(long LastId, byte[] Head);

/// <summary>One operation of a push, and what became of it.</summary>
internal struct PushedOp
{
    public OperationId Id;

    /// <summary>What stood in <c>operation_id</c> when that is no UUID.</summary>
    public string? UnreadableId;
    public long Lamport;
    public ReadOnlyMemory<byte> Entity;
    public ReadOnlyMemory<byte> EntityId;
    public bool HasField;
    public ReadOnlyMemory<byte> Field;
    public OperationKind Kind;

    /// <summary>Canonical.</summary>
    public ReadOnlyMemory<byte> Payload;
    public Lane Lane;
    public long Schema;
    public bool Published;

    /// <summary>Empty: the caller.</summary>
    public ReadOnlyMemory<byte> Origin;

    /// <summary>What is wrong with it by itself; found while reading.</summary>
    public OpFault? Fault;

    // ---- What became of it ----

    /// <summary>Why it was rejected; null when it was accepted.</summary>
    public OpFault? Rejected;

    /// <summary>The operation of the batch that it waits behind, or −1.</summary>
    public int BlockedBy;
    public long StoredId;
    public long StoredLamport;
    public bool Duplicate;
}

/// <summary>Why an operation is rejected: a code of the protocol and a sentence.</summary>
internal sealed record OpFault(string Code, string Message)
{
    public static readonly OpFault UnknownOrigin = new("unknown_origin", "device_id: no device of this account");
    public static readonly OpFault Conflict = new(
        "operation_conflict",
        "operation_id: the hub holds an operation of this id with other content"
    );
    public static readonly OpFault Blocked = new("blocked", "an earlier operation of the same entity was rejected");
    public static readonly OpFault NotPublished = new("invalid_request", "device_id: an operation of another device has to be published");

    public static OpFault Invalid(string message) => new("invalid_request", message);
}
