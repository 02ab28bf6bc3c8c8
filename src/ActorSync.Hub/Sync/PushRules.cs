using System.Text;
using ActorSync.Hub.Store;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>What a push does to an account's log: rules e to j of PROTOCOL. Runs inside the group's transaction.</summary>
internal sealed class PushRules(HubStore store, AccountState account, DeviceState caller, PushRequest push)
{
    /// <summary>How far a stamp may run ahead of the account's greatest.</summary>
    private const long MaxLead = 1L << 32;

    private readonly long _now = store.Now;

    // Rejected operations that later ones of their key wait behind.
    private readonly List<int> _rejected = [];

    public PushVerdict Apply()
    {
        if (push.Known is { } known && !store.Log.Has(account, known.LastId, known.Head))
        {
            return new PushVerdict.HistoryChanged();
        }

        if (Regression() is { } offending)
        {
            return new PushVerdict.Regression(caller.Id, caller.HighestLamport, offending);
        }

        var ops = push.Ops;
        for (var i = 0; i < ops.Length; i++)
        {
            ref var op = ref ops[i];
            (op.Rejected, op.BlockedBy, op.Duplicate) = (null, -1, false);
            Settle(ref op, i);
            if (op.Rejected is not null && op.BlockedBy < 0 && !op.Entity.IsEmpty && !op.EntityId.IsEmpty)
            {
                _rejected.Add(i);
            }
        }

        return new PushVerdict.Settled(
            account.LastId,
            [.. account.Head],
            new PushReceipt(caller.Utf8Id, caller.HighestLamport, caller.Operations)
        );
    }

    /// <summary>Rule e: the lowest new own stamp when the caller's clock, or without one that stamp, is behind what is stored; else null.</summary>
    private long? Regression()
    {
        if (push.Clock >= caller.HighestLamport || caller.HighestLamport == 0)
        {
            return null;
        }

        var lowest = long.MaxValue;
        foreach (ref readonly var op in push.Ops)
        {
            if (op.Fault is null && !op.Published && IsOwn(op) && op.Lamport < lowest && store.Log.Find(account, op.Id) is null)
            {
                lowest = op.Lamport;
            }
        }

        if (lowest == long.MaxValue)
        {
            return null;
        }

        return push.Clock is not null || lowest <= caller.HighestLamport ? lowest : null;
    }

    private void Settle(ref PushedOp op, int index)
    {
        if (op.Fault is not null)
        {
            op.Rejected = op.Fault;
            return;
        }

        var origin = OriginOf(op);
        var refusal = Refusal(op, origin, index, out op.BlockedBy);
        if (refusal is null)
        {
            op.StoredId = store.Log.Append(account, origin!, op, _now);
            op.StoredLamport = op.Lamport;
            if (op.StoredId > 0)
            {
                return;
            }
        }

        // What the hub holds already it still holds, whatever stands against it in this batch.
        if (store.Log.FindAndCompare(account, origin, op) is { } known)
        {
            op.BlockedBy = -1;
            SettleKnown(ref op, origin, known.Op, known.SameContent);
            return;
        }

        op.Rejected = refusal;
    }

    private void SettleKnown(ref PushedOp op, DeviceState? origin, StoredOp known, bool sameContent)
    {
        if (!sameContent)
        {
            op.Rejected = OpFault.Conflict;
            return;
        }

        (op.Duplicate, op.StoredId, op.StoredLamport) = (true, known.Id, known.Lamport);
        if (!op.Published || op.Lamport <= known.Lamport)
        {
            return;
        }

        op.Rejected = OutOfRange(op.Lamport);
        if (op.Rejected is null)
        {
            op.StoredId = store.Log.Raise(account, origin!, op, known.Id, _now);
            op.StoredLamport = op.Lamport;
        }
    }

    private OpFault? Refusal(in PushedOp op, DeviceState? origin, int index, out int blocker)
    {
        blocker = -1;
        if (!op.Published && !IsOwn(op))
        {
            return OpFault.NotPublished;
        }

        if (origin is null)
        {
            return OpFault.UnknownOrigin;
        }

        if (OutOfRange(op.Lamport) is { } fault)
        {
            return fault;
        }

        blocker = Blocker(op, index);
        return blocker < 0 ? null : OpFault.Blocked;
    }

    private OpFault? OutOfRange(long lamport)
    {
        var most = Math.Min(account.MaxLamport + MaxLead, OperationRules.MaxLamport);
        return lamport <= most ? null : new OpFault("lamport_out_of_range", $"lamport_ts: {lamport} is above {most}");
    }

    private int Blocker(in PushedOp op, int index)
    {
        foreach (var earlier in _rejected)
        {
            ref readonly var other = ref push.Ops[earlier];
            if (
                earlier < index
                && other.EntityId.Span.SequenceEqual(op.EntityId.Span)
                && other.Entity.Span.SequenceEqual(op.Entity.Span)
                && DeviceOf(other).SequenceEqual(DeviceOf(op))
            )
            {
                return earlier;
            }
        }

        return -1;
    }

    private bool IsOwn(in PushedOp op) => op.Origin.IsEmpty || op.Origin.Span.SequenceEqual(caller.Utf8Id);

    private ReadOnlySpan<byte> DeviceOf(in PushedOp op) => op.Origin.IsEmpty ? caller.Utf8Id : op.Origin.Span;

    private DeviceState? OriginOf(in PushedOp op) => IsOwn(op) ? caller : account.Device(Encoding.UTF8.GetString(op.Origin.Span));
}

/// <summary>What a push came to; of the operations, what is written in them.</summary>
internal abstract record PushVerdict
{
    private PushVerdict() { }

    /// <summary>410: the caller knows a history that this hub does not have.</summary>
    public sealed record HistoryChanged : PushVerdict;

    /// <summary>409, nothing stored.</summary>
    public sealed record Regression(string Device, long StoredMax, long Offending) : PushVerdict;

    public sealed record Settled(long LastId, byte[] Head, PushReceipt Receipt) : PushVerdict;
}

/// <summary>All that the hub holds of one device.</summary>
internal sealed record PushReceipt(byte[] Device, long HighestLamport, long Count);
