using ActorSync.TestKit.Disk;
using SQLitePCL;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>Opens what a power cut left the way the runtime would, then reads the tables with SQL of its own and compares them with what was promised.</summary>
internal static class JournalImage
{
    private const int Pending = 0;
    private const int Parked = 1;
    private const int Dead = 2;
    private const int Acked = 3;

    public static ImageVerdict Verify(CrashDisk disk, Promises promises, long mark)
    {
        try
        {
            JournalHost.OpenOnce(disk);
            using var database = new RawDatabase(JournalHost.Path, disk.Vfs);
            return database.Text("PRAGMA integrity_check") != "ok" ? ImageVerdict.Unreadable : Judge(database, promises, mark);
        }
        catch (Exception error) when (error is RawDatabaseException or SyncException or Journal.Sqlite.SqliteFailure)
        {
            return ImageVerdict.Unreadable;
        }
    }

    private static ImageVerdict Judge(RawDatabase database, Promises promises, long mark)
    {
        var states = database
            .Rows(
                """
                SELECT o.operation_id,
                       CASE WHEN o.state = 0 AND o.seq <= CASE o.lane WHEN 0 THEN c.mark_priority ELSE c.mark_bulk END THEN 3 ELSE o.state END
                FROM op_journal o, clock c
                """,
                static row =>
                    (Id: new Guid(raw.sqlite3_column_blob(row, 0), bigEndian: true).ToString("D"), State: raw.sqlite3_column_int(row, 1))
            )
            .ToDictionary(static x => x.Id, static x => x.State, StringComparer.Ordinal);

        foreach (var (id, life) in promises.Lives)
        {
            var state = states.TryGetValue(id, out var stored) ? stored : Acked;
            var kept =
                life.AcceptedAt >= mark
                || (life.OfferedAt >= mark ? state is Pending or Parked : life.SettledAt >= mark || state == (life.Dead ? Dead : Acked));
            if (!kept)
            {
                return ImageVerdict.Lost;
            }
        }

        return IsWhole(database, states) ? ImageVerdict.Kept : ImageVerdict.Torn;
    }

    // The counters are kept in the transactions that change what they count, and a clock is never below a stamp it gave.
    private static bool IsWhole(RawDatabase database, Dictionary<string, int> states) =>
        database.Number("SELECT pending_priority + pending_bulk FROM clock") == states.Values.Count(static x => x == Pending)
        && database.Number("SELECT parked FROM clock") == states.Values.Count(static x => x == Parked)
        && database.Number("SELECT dead FROM clock") == states.Values.Count(static x => x == Dead)
        && database.Number("SELECT lamport >= (SELECT coalesce(max(lamport_ts), 0) FROM op_journal) FROM clock") == 1
        && database.Number("SELECT next_seq > (SELECT coalesce(max(seq), 0) FROM op_journal) FROM clock") == 1;
}
