namespace ActorSync.TestKit.Disk;

/// <summary>A plain queue in SQLite: what the crash disk is tried with before it is trusted with the journal.</summary>
/// <remarks>Each transaction writes a row, counts it in another table and marks an older one sent; so a transaction that is there in part shows.</remarks>
internal static class QueueWorkload
{
    public const string Path = "/queue.db";

    /// <summary>Records the run; each mark promises all rows up to its number.</summary>
    public static IReadOnlyList<DiskEvent> Record(string synchronous, int rows, int seed, bool synchronousFirst = true)
    {
        using var disk = new CrashDisk(DirectoryRule.Ext4Like) { Log = [] };
        var random = new Random(seed);
        using var database = new RawDatabase(Path, disk.Vfs);
        Prepare(database, synchronous, synchronousFirst);
        disk.Log.Add(new DiskEvent.Mark(0));
        for (var i = 1; i <= rows; i++)
        {
            Enqueue(database, i, random.Next(20, 6000));
            disk.Log.Add(new DiskEvent.Mark(i));
        }

        return disk.Log;
    }

    public static void Prepare(RawDatabase database, string synchronous, bool synchronousFirst = true)
    {
        var pragma = $"pragma synchronous={synchronous};";
        database.Execute(synchronousFirst ? pragma + "pragma journal_mode=wal" : "pragma journal_mode=wal;" + pragma);
        database.Execute(
            """
            pragma wal_autocheckpoint=40;
            begin;
            create table ops(id integer primary key, payload blob, state int);
            create table meta(k text primary key, v int);
            insert into meta values('n',0);
            commit
            """
        );
    }

    public static void Enqueue(RawDatabase database, int id, int bytes) =>
        database.Execute(
            $"""
            begin immediate;
            insert into ops values({id},zeroblob({bytes}),0);
            update meta set v=v+1 where k='n';
            update ops set state=1 where id={id - 5};
            commit
            """
        );

    public static ImageVerdict Verify(CrashDisk disk, long promised)
    {
        try
        {
            using var database = new RawDatabase(Path, disk.Vfs);
            if (database.Text("pragma integrity_check") != "ok")
            {
                return ImageVerdict.Unreadable;
            }

            var highest = database.Number("select coalesce(max(id),0) from ops");
            var whole =
                database.Number("select count(*) from ops") == highest
                && database.Number("select v from meta") == highest
                && database.Number("select count(*) from ops where state=1") == Math.Max(0, highest - 5);
            return !whole ? ImageVerdict.Torn
                : highest < promised ? ImageVerdict.Lost
                : ImageVerdict.Kept;
        }
        catch (RawDatabaseException)
        {
            return ImageVerdict.Unreadable;
        }
    }
}
