using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Drops what is pending, parked or dead, and was there when it began. What was acked still goes into the replica.</summary>
/// <remarks>
/// In steps, the newest first: after a kill the oldest are left as they were, shown as before, and none of them goes without what was before it.
/// </remarks>
internal sealed class QueueClearing(JournalTables tables, SetAside aside)
{
    private const string InQueue = "(state IN (1, 2) OR (state = 0 AND seq > CASE lane WHEN 0 THEN ?3 ELSE ?4 END))";

    private readonly Statement _chunk = tables.Db.Prepare("SELECT seq FROM op_journal WHERE seq < ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2");
    private readonly Statement _rows = tables.Db.Prepare(
        $"SELECT operation_id, state, lane, length(CAST(payload AS BLOB)) FROM op_journal WHERE seq >= ?1 AND seq < ?2 AND {InQueue} ORDER BY seq"
    );

    private readonly Statement _delete = tables.Db.Prepare($"DELETE FROM op_journal WHERE seq >= ?1 AND seq < ?2 AND {InQueue}");

    /// <summary>Inside the caller's transaction. False when that was the last.</summary>
    /// <param name="before">Rows from here on stay; it moves down to what is still to be looked at.</param>
    public bool ClearSome(ref long before, ref long count)
    {
        _chunk.Bind(1, before).Bind(2, aside.MostRows - 1);
        var from = _chunk.Step() ? _chunk.Long(0) : 0;
        _chunk.Reset();
        var dropped = CountOut(from, before);
        if (dropped.Count > 0)
        {
            tables.Disturb();
            Bind(_delete, from, before).Run();
            count += dropped.Count;
        }

        before = from;
        if (tables.Aside.Count > 0)
        {
            // What came after the clearing began may be parked behind one of these.
            aside.ReleaseBehind(dropped);
        }

        return from > 0;
    }

    private List<OperationId> CountOut(long from, long before)
    {
        var dropped = new List<OperationId>();
        Bind(_rows, from, before);
        try
        {
            while (_rows.Step())
            {
                dropped.Add(_rows.Id(0));
                tables.Row.PayloadBytes -= _rows.Long(3);
                switch ((RowState)_rows.Long(1))
                {
                    case RowState.Parked:
                        tables.Row.Parked--;
                        break;
                    case RowState.Dead:
                        tables.Row.Dead--;
                        break;
                    default:
                        tables.Row.AddPending((Lane)_rows.Long(2), -1);
                        break;
                }
            }
        }
        finally
        {
            _rows.Reset();
        }

        return dropped;
    }

    private Statement Bind(Statement statement, long from, long before) =>
        statement.Bind(1, from).Bind(2, before).Bind(3, tables.Row.Mark(Lane.Priority)).Bind(4, tables.Row.Mark(Lane.Bulk));
}
