using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>WIRE rule g: after a regression all unpublished stamps move up by one delta; ids and order stay. In chunks from the newest, resumable, the clock first.</summary>
internal sealed class Restamping(JournalTables tables)
{
    private const string Unpublished = "published = 0 AND (state IN (1, 2) OR (state = 0 AND seq > CASE lane WHEN 0 THEN ?1 ELSE ?2 END))";

    private readonly Statement _oldest = tables.Db.Prepare($"SELECT lamport_ts FROM op_journal WHERE {Unpublished} ORDER BY seq LIMIT 1");
    private readonly Statement _chunk = tables.Db.Prepare("SELECT seq FROM op_journal WHERE seq < ?3 ORDER BY seq DESC LIMIT 1 OFFSET ?4");
    private readonly Statement _shift = tables.Db.Prepare(
        $"UPDATE op_journal SET lamport_ts = lamport_ts + ?5 WHERE seq >= ?3 AND seq < ?4 AND {Unpublished}"
    );

    /// <summary>A shift that a crash interrupted is gone on with before anything is read.</summary>
    public bool IsUnderWay => tables.Row.ShiftDelta != 0;

    /// <returns>The delta; 0 when the clock was there already, so nothing is to be moved.</returns>
    public long Begin(long storedMax)
    {
        ref var row = ref tables.Row;
        if (row.Lamport >= storedMax || IsUnderWay)
        {
            return 0;
        }

        BindMarks(_oldest);
        var oldest = _oldest.Step() ? _oldest.Long(0) : 0;
        _oldest.Reset();
        if (oldest == 0)
        {
            row.Lamport = storedMax;
            return 0;
        }

        var delta = storedMax - oldest + 1;
        // Every stamp given from here on is above all that are still to be moved.
        row.Lamport = Math.Max(storedMax, row.Lamport + delta);
        (row.ShiftDelta, row.ShiftBelow) = (delta, row.NextSeq);
        return delta;
    }

    /// <summary>Moves one chunk inside the caller's transaction. False when that was the last.</summary>
    public bool Chunk()
    {
        ref var row = ref tables.Row;
        _chunk.Bind(3, row.ShiftBelow).Bind(4, tables.StepRows - 1);
        var from = _chunk.Step() ? _chunk.Long(0) : 0;
        _chunk.Reset();
        BindMarks(_shift);
        _shift.Bind(3, from).Bind(4, row.ShiftBelow).Bind(5, row.ShiftDelta).Run();
        (row.ShiftBelow, row.ShiftDelta) = from > 0 ? (from, row.ShiftDelta) : (0, 0);
        return IsUnderWay;
    }

    private void BindMarks(Statement statement) => statement.Bind(1, tables.Row.Mark(Lane.Priority)).Bind(2, tables.Row.Mark(Lane.Bulk));
}
