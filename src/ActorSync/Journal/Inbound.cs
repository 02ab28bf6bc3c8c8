using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>Takes over what the hub's log has: everything is merged, whatever the queue holds; what is our own is confirmed.</summary>
/// <remarks>Every method works inside the caller's transaction. Nothing here enqueues.</remarks>
internal sealed class Inbound(JournalTables tables, Replica replica, SetAside aside, Conflicts conflicts)
{
    private readonly Statement _ours = tables.Db.Prepare(
        "SELECT seq, state, lane, lamport_ts, published, entity, entity_id, field, op, payload, schema, origin FROM op_journal WHERE operation_id = ?1"
    );

    private readonly Statement _ack = tables.Db.Prepare("UPDATE op_journal SET state = 3, lamport_ts = ?2 WHERE seq = ?1");
    private readonly Statement _raise = tables.Db.Prepare("UPDATE op_journal SET lamport_ts = ?2 WHERE seq = ?1");

    /// <summary>Rows that were parked behind what turned out to be at the hub, and are pending again.</summary>
    public int Freed { get; private set; }

    /// <summary>Gives how many were merged and how many could not be.</summary>
    public (int Applied, int Quarantined) Apply(IReadOnlyList<RemoteOp> operations, List<Settled> settled)
    {
        var quarantined = 0;
        Freed = 0;
        foreach (var op in operations)
        {
            if (op.Fault is { } fault)
            {
                conflicts.SetAside(op.HubId, fault, op.Raw.Span);
                quarantined++;
                continue;
            }

            ref var row = ref tables.Row;
            row.Lamport = Math.Max(row.Lamport, op.Lamport);
            if (row.Stored > 0 || row.Unfolded > 0)
            {
                Confirm(op, settled);
            }

            replica.Apply(op);
        }

        return (operations.Count - quarantined, quarantined);
    }

    // The hub holds a row of ours: its ack was lost. Its stamp is the one that stands.
    private void Confirm(RemoteOp op, List<Settled> settled)
    {
        if (Find(op) is not { } ours)
        {
            return;
        }

        if (ours.State == RowState.Acked)
        {
            if (op.Lamport > ours.Lamport)
            {
                _raise.Bind(1, ours.Seq).Bind(2, op.Lamport).Run();
            }

            return;
        }

        // A published stamp that is higher goes up and raises the hub's.
        if (ours.IsPublished && ours.Lamport > op.Lamport)
        {
            return;
        }

        ref var row = ref tables.Row;
        switch (ours.State)
        {
            case RowState.Pending:
                row.AddPending(ours.Lane, -1);
                break;
            case RowState.Parked:
                row.Parked--;
                break;
            default:
                row.Dead--;
                break;
        }

        // It may be in a batch that is out: that one is booked row by row.
        tables.Disturb();
        _ack.Bind(1, ours.Seq).Bind(2, op.Lamport).Run();
        row.PayloadBytes -= ours.PayloadBytes;
        row.Unfolded++;
        row.AckedEver++;
        row.ReceiptAt = tables.NowMilliseconds;
        row.ReceiptLamport = Math.Max(row.ReceiptLamport, op.Lamport);
        settled.Add(new Settled(op.OperationId, ReceiptState.Acked, null));
        Freed += aside.ReleaseBehind([op.OperationId]);
    }

    /// <summary>The row of this id when it is the same operation. Under another content the push will say so.</summary>
    private Ours? Find(RemoteOp op)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        op.OperationId.WriteTo(id);
        _ours.BindBlob(1, id);
        try
        {
            if (!_ours.Step())
            {
                return null;
            }

            var isSame =
                (_ours.TextOrNull(11) ?? tables.Device.Value) == op.Device.Value
                && _ours.Text(5) == op.Entity
                && _ours.Text(6) == op.EntityId
                && (_ours.TextOrNull(7) ?? "") == (op.Field ?? "")
                && _ours.Long(8) == (long)op.Kind
                && PayloadOf(_ours).SequenceEqual(op.Payload.Span)
                && _ours.Long(10) == op.Schema;
            if (!isSame)
            {
                return null;
            }

            var (seq, lane) = (_ours.Long(0), (Lane)_ours.Long(2));
            var state = tables.Row.Meant((RowState)_ours.Long(1), lane, seq);
            return new Ours(seq, state, lane, _ours.Long(3), _ours.Long(4) != 0, _ours.Bytes(9).Length);
        }
        finally
        {
            _ours.Reset();
        }
    }

    private static ReadOnlySpan<byte> PayloadOf(Statement row) => row.IsNull(9) ? "null"u8 : row.Bytes(9);

    private readonly record struct Ours(long Seq, RowState State, Lane Lane, long Lamport, bool IsPublished, long PayloadBytes);
}
