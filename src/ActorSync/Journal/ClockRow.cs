using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>The journal's one row of counters, in memory as on disk. Saved in the transaction that changed what it counts.</summary>
internal struct ClockRow
{
    public long Lamport;
    public long NextSeq;
    public long MarkPriority;
    public long MarkBulk;
    public long PendingPriority;
    public long PendingBulk;
    public long Parked;
    public long Dead;
    public long Unfolded;
    public long PayloadBytes;
    public long AckedEver;
    public long ShiftDelta;
    public long ShiftBelow;
    public long HubLastId;
    public string? HubHead;
    public long ReceiptLamport;
    public long? ReceiptAt;

    /// <summary>Not stored: no batch outlives the process. Moves when the hub's history turns out to be another one.</summary>
    public int HistoryEpoch;

    public readonly long Stored => PendingPriority + PendingBulk + Parked + Dead;

    public readonly long Mark(Lane lane) => lane == Lane.Priority ? MarkPriority : MarkBulk;

    public void SetMark(Lane lane, long seq)
    {
        if (lane == Lane.Priority)
        {
            MarkPriority = seq;
        }
        else
        {
            MarkBulk = seq;
        }
    }

    public readonly long Pending(Lane lane) => lane == Lane.Priority ? PendingPriority : PendingBulk;

    public void AddPending(Lane lane, long count)
    {
        if (lane == Lane.Priority)
        {
            PendingPriority += count;
        }
        else
        {
            PendingBulk += count;
        }
    }

    /// <summary>A stored state as it is meant: a pending row at or below its lane's mark is acked.</summary>
    public readonly RowState Meant(RowState stored, Lane lane, long seq) =>
        stored == RowState.Pending && seq <= Mark(lane) ? RowState.Acked : stored;
}

/// <summary>Reads and writes the row.</summary>
internal sealed class ClockTable(SqliteDb db)
{
    private const string Columns =
        "lamport, next_seq, mark_priority, mark_bulk, pending_priority, pending_bulk, parked, dead, unfolded, payload_bytes, acked_ever, "
        + "shift_delta, shift_below, hub_last_id, hub_head, receipt_lamport, receipt_at";

    private readonly Statement _load = db.Prepare($"SELECT {Columns}, device_id, installation FROM clock WHERE id = 1");
    private readonly Statement _saveCounters = db.Prepare(
        "UPDATE clock SET lamport = ?1, next_seq = ?2, mark_priority = ?3, mark_bulk = ?4, pending_priority = ?5, pending_bulk = ?6, parked = ?7, "
            + "dead = ?8, unfolded = ?9, payload_bytes = ?10, acked_ever = ?11, shift_delta = ?12, shift_below = ?13, hub_last_id = ?14, hub_head = ?15, "
            + "receipt_lamport = ?16, receipt_at = ?17 WHERE id = 1"
    );

    private readonly Statement _saveEnqueue = db.Prepare(
        "UPDATE clock SET lamport = ?1, next_seq = ?2, pending_priority = ?3, pending_bulk = ?4, parked = ?5, payload_bytes = ?6 WHERE id = 1"
    );

    /// <summary>Null in a new file.</summary>
    public (ClockRow Row, DeviceId Device, string Installation)? Load()
    {
        try
        {
            if (!_load.Step())
            {
                return null;
            }

            var row = new ClockRow
            {
                Lamport = _load.Long(0),
                NextSeq = _load.Long(1),
                MarkPriority = _load.Long(2),
                MarkBulk = _load.Long(3),
                PendingPriority = _load.Long(4),
                PendingBulk = _load.Long(5),
                Parked = _load.Long(6),
                Dead = _load.Long(7),
                Unfolded = _load.Long(8),
                PayloadBytes = _load.Long(9),
                AckedEver = _load.Long(10),
                ShiftDelta = _load.Long(11),
                ShiftBelow = _load.Long(12),
                HubLastId = _load.Long(13),
                HubHead = _load.TextOrNull(14),
                ReceiptLamport = _load.Long(15),
                ReceiptAt = _load.LongOrNull(16),
            };
            return (row, new DeviceId(_load.Text(17)), _load.Text(18));
        }
        finally
        {
            _load.Reset();
        }
    }

    public void Create(DeviceId device, string installation)
    {
        using var insert = db.Prepare("INSERT INTO clock (id, device_id, installation) VALUES (1, ?1, ?2)");
        insert.BindText(1, device.Value).BindText(2, installation).Run();
    }

    public void Save(in ClockRow row) =>
        _saveCounters
            .Bind(1, row.Lamport)
            .Bind(2, row.NextSeq)
            .Bind(3, row.MarkPriority)
            .Bind(4, row.MarkBulk)
            .Bind(5, row.PendingPriority)
            .Bind(6, row.PendingBulk)
            .Bind(7, row.Parked)
            .Bind(8, row.Dead)
            .Bind(9, row.Unfolded)
            .Bind(10, row.PayloadBytes)
            .Bind(11, row.AckedEver)
            .Bind(12, row.ShiftDelta)
            .Bind(13, row.ShiftBelow)
            .Bind(14, row.HubLastId)
            .BindText(15, row.HubHead)
            .Bind(16, row.ReceiptLamport)
            .Bind(17, row.ReceiptAt)
            .Run();

    /// <summary>Only what an enqueue changes: the hot path.</summary>
    public void SaveEnqueue(in ClockRow row) =>
        _saveEnqueue
            .Bind(1, row.Lamport)
            .Bind(2, row.NextSeq)
            .Bind(3, row.PendingPriority)
            .Bind(4, row.PendingBulk)
            .Bind(5, row.Parked)
            .Bind(6, row.PayloadBytes)
            .Run();

    /// <summary>This file came from another installation: a new device, and what the old one made is published and keeps its origin.</summary>
    public void Adopt(DeviceId device, DeviceId old, string installation)
    {
        using var origin = db.Prepare("UPDATE op_journal SET origin = ?1, published = 1 WHERE origin IS NULL");
        origin.BindText(1, old.Value).Run();
        using var clock = db.Prepare("UPDATE clock SET device_id = ?1, installation = ?2 WHERE id = 1");
        clock.BindText(1, device.Value).BindText(2, installation).Run();
    }
}
