using System.Reflection;
using ActorSync.Journal.Sqlite;
using ActorSync.Platform;

namespace ActorSync.Journal;

/// <summary>Opens a journal's file: lock, PRAGMAs that are read back, schema scripts. Decides nothing about what is in it.</summary>
internal static class JournalFile
{
    public const int PageBytes = 4096;

    /// <summary>"ASy1": tells our file from any other SQLite database.</summary>
    private const long ApplicationId = 0x41537931;

    /// <summary>What one long transaction made of the WAL beyond this is given back to the disk.</summary>
    private const int WalBytesKept = 64 << 20;

    private const string SchemaPrefix = "ActorSync.Journal.Schema.";

    /// <summary>The schema that this build writes: the highest numbered script.</summary>
    public static int CurrentSchema { get; } = Scripts().Max(script => script.Version);

    /// <param name="synchronous">For a test of the read-back only: anything but EXTRA is refused.</param>
    /// <exception cref="JournalOpenException">Locked, corrupt, newer, foreign, misconfigured, or an unusable path. The file was not changed.</exception>
    /// <exception cref="SqliteFailure">A transient fault: busy, I/O, disk full.</exception>
    public static OpenJournal Open(string path, JournalSettings settings, SyncPlatform platform, string synchronous = "EXTRA")
    {
        // With a VFS of its own the journal's disk is that VFS: the lock and the modes belong to real folders.
        var onRealDisk = platform.SqliteVfs is null;
        var held = onRealDisk ? LockFolder(path) : null;
        SqliteDb? db = null;
        try
        {
            db = Connect(path, settings, platform, synchronous);
            Upgrade(db, path);
            held?.Remember();
            return new OpenJournal(db, held);
        }
        catch (SqliteFailure failure) when (failure.IsCorruption)
        {
            db?.Dispose();
            held?.Dispose();
            throw Corrupt(path, failure);
        }
        catch
        {
            db?.Dispose();
            held?.Dispose();
            throw;
        }
    }

    public static JournalOpenException Corrupt(string path, Exception inner) =>
        new(
            "journal_corrupt",
            path,
            $"the journal {path} is damaged: {inner.Message}",
            "keep the file, run 'actorsync doctor' for what is missing and 'actorsync queue export FILE' for what can be read, then move it away",
            inner
        );

    private static JournalLock LockFolder(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new JournalOpenException(
                "journal_path",
                path,
                $"the data folder {folder} cannot be made: {failure.Message}",
                "choose a folder that this user may write, with --data or actorsync.data-directory",
                failure
            );
        }

        var held = JournalLock.Take(path);
        try
        {
            RefuseEmptied(path, held);
            RefuseTornLog(path);
            // SQLite would make it by the umask; its WAL takes the database's mode.
            using var file = new FileStream(path, JournalLock.OwnerOnly(FileMode.OpenOrCreate, FileShare.ReadWrite));
            return held;
        }
        catch (Exception failure)
        {
            held.Dispose();
            switch (failure)
            {
                case IOException passing when JournalLock.IsPassing(passing):
                    throw new SqliteFailure(SqliteFailure.Full, failure.Message, $"open of {path}");
                case IOException or UnauthorizedAccessException:
                    throw new JournalOpenException(
                        "journal_path",
                        path,
                        $"the journal {path} cannot be opened for writing: {failure.Message}",
                        "give this user the right to write it",
                        failure
                    );
                default:
                    throw;
            }
        }
    }

    // To SQLite a file of no bytes is a new database, and it deletes the WAL that lies beside one.
    private static void RefuseEmptied(string path, JournalLock held)
    {
        var (journal, wal) = (new FileInfo(path), new FileInfo(path + "-wal"));
        if (journal.Exists && journal.Length > 0)
        {
            return;
        }

        if (wal.Exists && wal.Length > 0)
        {
            throw Corrupt(
                path,
                new SqliteFailure(SqliteFailure.Corrupt, "its write-ahead log is there and it is not", "a look at the file")
            );
        }

        if (!journal.Exists)
        {
            // Moved away by somebody, or never made: a new one is made.
            held.Forget();
        }
        else if (held.Remembers)
        {
            throw Corrupt(path, new SqliteFailure(SqliteFailure.Corrupt, "it was made and has no bytes any more", "a look at the file"));
        }
    }

    // SQLite would go on without what was committed behind the bad byte.
    private static void RefuseTornLog(string path)
    {
        if (WalDamage.FindIn(path + "-wal") is { } at)
        {
            throw Corrupt(
                path,
                new SqliteFailure(
                    SqliteFailure.Corrupt,
                    $"its write-ahead log has a bad frame at byte {at}, and whole commits behind it",
                    "a look at the log"
                )
            );
        }
    }

    private static SqliteDb Connect(string path, JournalSettings settings, SyncPlatform platform, string synchronous)
    {
        var db = SqliteDb.Open(path, platform.SqliteVfs);
        try
        {
            db.LeaveAsIs(true);
            RefuseForeignAndNewer(db, path);
            WalRewrite.Run(Path.GetFullPath(path) + "-wal", platform.SqliteVfs);
            db.Execute($"PRAGMA page_size = {PageBytes}");
            // Before WAL: a file made with less can come back empty from a power cut under the weakest directory rules.
            db.Execute($"PRAGMA synchronous = {synchronous}");
            db.Execute("PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA foreign_keys = 1; PRAGMA trusted_schema = 0");
            db.QueryText("PRAGMA journal_mode = WAL");
            db.Execute($"PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -{settings.CacheBytes / 1024}");
            db.Execute($"PRAGMA journal_size_limit = {WalBytesKept}");
            ReadBack(db, path, "synchronous", "3");
            ReadBack(db, path, "journal_mode", "wal");
            ReadBack(db, path, "fullfsync", "1");
            ReadBack(db, path, "foreign_keys", "1");
            WriteBack(db, path);
            db.LeaveAsIs(false);
            db.CheckpointPages = settings.CheckpointPages;
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    /// <summary>Takes over what an earlier connection left in the log; it was written and synced once more before.</summary>
    private static void WriteBack(SqliteDb db, string path)
    {
        if (db.QueryLong("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
        {
            throw new JournalOpenException(
                "journal_locked",
                path,
                $"the journal {path} is being read by another connection",
                "close whatever else has the file open"
            );
        }
    }

    private static void RefuseForeignAndNewer(SqliteDb db, string path)
    {
        var version = db.QueryLong("PRAGMA user_version");
        var application = db.QueryLong("PRAGMA application_id");
        var empty = db.QueryLong("SELECT count(*) FROM sqlite_master") == 0;
        if (!empty && application != ApplicationId)
        {
            throw new JournalOpenException(
                "journal_foreign",
                path,
                $"{path} is a SQLite database, but not a journal of ActorSync",
                "choose another data folder, or move that file away"
            );
        }

        if (version > CurrentSchema)
        {
            throw new JournalOpenException(
                "journal_newer",
                path,
                $"the journal {path} has schema {version}; this version knows up to {CurrentSchema}",
                "use the version that wrote it, or a newer one; the file was left as it is"
            );
        }
    }

    private static void ReadBack(SqliteDb db, string path, string pragma, string expected)
    {
        var seen = db.QueryText($"PRAGMA {pragma}");
        if (!string.Equals(seen, expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new JournalOpenException(
                "journal_misconfigured",
                path,
                $"PRAGMA {pragma} of {path} reads {seen ?? "nothing"} and must be {expected}",
                "put the data folder on a local disk that supports it; a network share does not"
            );
        }
    }

    private static void Upgrade(SqliteDb db, string path)
    {
        var version = db.QueryLong("PRAGMA user_version");
        if (version == CurrentSchema)
        {
            return;
        }

        db.InTransaction(() =>
        {
            foreach (var script in Scripts().Where(script => script.Version > version).OrderBy(script => script.Version))
            {
                db.Execute(script.Sql);
            }

            db.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {CurrentSchema}");
        });
        if (db.QueryLong("PRAGMA user_version") != CurrentSchema)
        {
            throw new JournalOpenException("journal_misconfigured", path, $"the schema of {path} did not take", "run 'actorsync doctor'");
        }
    }

    private static IEnumerable<(int Version, string Sql)> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(SchemaPrefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return (int.Parse(name.AsSpan(SchemaPrefix.Length, 3)), reader.ReadToEnd());
        }
    }
}

/// <summary>A connection and the lock that goes with it.</summary>
internal sealed class OpenJournal(SqliteDb db, JournalLock? held) : IDisposable
{
    public SqliteDb Db => db;

    public void Dispose()
    {
        db.Dispose();
        held?.Dispose();
    }
}
