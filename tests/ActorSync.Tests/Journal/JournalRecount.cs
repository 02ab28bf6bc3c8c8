using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using Shouldly;

namespace ActorSync.Tests.Journal;

/// <summary>What is in a journal's file, counted row by row without any code of the journal but its SQLite binding. The file is a copy that nobody has open.</summary>
internal sealed class JournalRecount
{
    private JournalRecount() { }

    public List<StoredRow> Rows { get; } = [];

    public Dictionary<string, object?> Clock { get; } = [];

    public IEnumerable<StoredRow> Unsettled => Rows.Where(row => row.Meant is RowState.Pending or RowState.Parked);

    public static JournalRecount Of(string path)
    {
        var recount = new JournalRecount();
        using var db = SqliteDb.Open(path, null);
        db.QueryText("PRAGMA integrity_check").ShouldBe("ok");
        using (
            var clock = db.Prepare(
                "SELECT lamport, next_seq, mark_priority, mark_bulk, pending_priority, pending_bulk, parked, dead, unfolded, payload_bytes, acked_ever FROM clock"
            )
        )
        {
            clock.Step().ShouldBeTrue();
            string[] names =
            [
                "lamport",
                "next_seq",
                "mark_priority",
                "mark_bulk",
                "pending_priority",
                "pending_bulk",
                "parked",
                "dead",
                "unfolded",
                "payload_bytes",
                "acked_ever",
            ];
            for (var i = 0; i < names.Length; i++)
            {
                recount.Clock[names[i]] = clock.Long(i);
            }
        }

        using var rows = db.Prepare(
            "SELECT seq, operation_id, lamport_ts, entity, entity_id, lane, state, blocked_by, length(CAST(payload AS BLOB)) FROM op_journal ORDER BY seq"
        );
        while (rows.Step())
        {
            var (seq, lane, state) = (rows.Long(0), (Lane)rows.Long(5), (RowState)rows.Long(6));
            var mark = recount[lane == Lane.Priority ? "mark_priority" : "mark_bulk"];
            recount.Rows.Add(
                new StoredRow(
                    seq,
                    OperationId.FromBytes(rows.Bytes(1)),
                    rows.Long(2),
                    rows.Text(3) + "/" + rows.Text(4),
                    lane,
                    state == RowState.Pending && seq <= mark ? RowState.Acked : state,
                    rows.IsNull(7) ? null : OperationId.FromBytes(rows.Bytes(7)),
                    rows.Long(8)
                )
            );
        }

        return recount;
    }

    public long this[string counter] => (long)Clock[counter]!;

    /// <summary>Every counter says what its rows say, and what is parked waits for something that can still happen.</summary>
    public JournalRecount ShouldAddUp()
    {
        this["pending_priority"].ShouldBe(Rows.Count(row => row is { Meant: RowState.Pending, Lane: Lane.Priority }), "pending_priority");
        this["pending_bulk"].ShouldBe(Rows.Count(row => row is { Meant: RowState.Pending, Lane: Lane.Bulk }), "pending_bulk");
        this["parked"].ShouldBe(Rows.Count(row => row.Meant == RowState.Parked), "parked");
        this["dead"].ShouldBe(Rows.Count(row => row.Meant == RowState.Dead), "dead");
        this["unfolded"].ShouldBe(Rows.Count(row => row.Meant == RowState.Acked), "unfolded");
        this["payload_bytes"].ShouldBe(Rows.Where(row => row.Meant != RowState.Acked).Sum(row => row.PayloadBytes), "payload_bytes");
        this["next_seq"].ShouldBeGreaterThan(Rows.Select(row => row.Seq).DefaultIfEmpty().Max());
        this["lamport"].ShouldBeGreaterThanOrEqualTo(Rows.Select(row => row.Lamport).DefaultIfEmpty().Max());
        foreach (var parked in Rows.Where(row => row.Meant == RowState.Parked))
        {
            var head = Rows.SingleOrDefault(row => row.Id == parked.BlockedBy);
            head.ShouldNotBeNull($"row {parked.Seq} is parked behind nothing");
            head.Key.ShouldBe(parked.Key);
            head.Seq.ShouldBeLessThan(parked.Seq);
            head.Meant.ShouldNotBe(RowState.Acked);
        }

        return this;
    }
}

internal sealed record StoredRow(
    long Seq,
    OperationId Id,
    long Lamport,
    string Key,
    Lane Lane,
    RowState Meant,
    OperationId? BlockedBy,
    long PayloadBytes
);
