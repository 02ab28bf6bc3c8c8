using ActorSync.TestKit.Disk;
using SQLitePCL;

namespace ActorSync.Simulation.Judging;

/// <summary>What lies in a journal's tables, read with SQL of our own from a copy of the disk.</summary>
internal sealed class QueueOnDisk
{
    private readonly Dictionary<string, int> _states;

    private QueueOnDisk(Dictionary<string, int> states) => _states = states;

    public int Pending => _states.Values.Count(static x => x == 0);

    public int Parked => _states.Values.Count(static x => x == 1);

    public IEnumerable<string> Dead => _states.Where(static x => x.Value == 2).Select(static x => x.Key);

    /// <summary>Pending, parked or dead: still the device's to care for.</summary>
    public bool Holds(string id) => _states.TryGetValue(id, out var state) && state is 0 or 1 or 2;

    public bool HoldsDead(string id) => _states.GetValueOrDefault(id, -1) == 2;

    /// <summary>Null when there is no journal yet.</summary>
    public static QueueOnDisk? Read(CrashDisk disk, string path)
    {
        using var copy = new CrashDisk(DirectoryRule.Ext4Like, 0, disk.Snapshot());
        if (copy.Files.Count == 0)
        {
            return null;
        }

        using var database = new RawDatabase(path, copy.Vfs);
        if (database.Number("SELECT count(*) FROM sqlite_master WHERE name = 'op_journal'") == 0)
        {
            return null;
        }

        const string rows = """
            SELECT o.operation_id,
                   CASE WHEN o.state = 0 AND o.seq <= CASE o.lane WHEN 0 THEN c.mark_priority ELSE c.mark_bulk END THEN 3 ELSE o.state END
            FROM op_journal o, clock c
            """;
        return new QueueOnDisk(
            database
                .Rows(
                    rows,
                    static row =>
                        (
                            Id: new Guid(raw.sqlite3_column_blob(row, 0), bigEndian: true).ToString("D"),
                            State: raw.sqlite3_column_int(row, 1)
                        )
                )
                .ToDictionary(static x => x.Id, static x => x.State, StringComparer.Ordinal)
        );
    }
}
