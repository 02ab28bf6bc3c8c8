using System.Reflection;
using ActorSync.Hub.Accounts;

namespace ActorSync.Hub.Store;

/// <summary>Opens the hub's one database file: PRAGMAs set and read back, schema scripts applied, newer schemas refused.</summary>
internal sealed class StoreFile : IDisposable
{
    private const int PageBytes = 4096;
    private const string ScriptPrefix = "ActorSync.Hub.Schema.";

    // EXTRA before WAL: a file created with less can come back empty after a power cut.
    private static readonly (string Name, string Set, string Value)[] Pragmas =
    [
        ("page_size", "4096", "4096"),
        ("synchronous", "EXTRA", "3"),
        ("journal_mode", "WAL", "wal"),
        ("fullfsync", "1", "1"),
        ("checkpoint_fullfsync", "1", "1"),
        ("foreign_keys", "1", "1"),
        ("cache_size", "-32768", "-32768"),
        ("wal_autocheckpoint", "4000", "4000"),
        ("temp_store", "MEMORY", "2"),
    ];

    private readonly FileStream _lock;

    private StoreFile(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    /// <summary>Takes the folder for this process.</summary>
    /// <exception cref="HubException"><c>hub_path</c>, <c>hub_locked</c>.</exception>
    public static StoreFile Take(string directory)
    {
        try
        {
            SecretFile.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException(
                "hub_path",
                $"'{directory}' cannot be made or written: {e.Message}",
                "choose a folder that this user may write",
                e
            );
        }

        var lockPath = System.IO.Path.Combine(directory, "hub.lock");
        try
        {
            var taken = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            return new StoreFile(System.IO.Path.Combine(directory, "hub.db"), taken);
        }
        catch (IOException e)
        {
            throw new HubException(
                "hub_locked",
                $"another process works in '{directory}'",
                "stop the other hub, or give this one a folder of its own",
                e
            );
        }
        catch (UnauthorizedAccessException e)
        {
            throw new HubException(
                "hub_path",
                $"'{lockPath}' cannot be written: {e.Message}",
                "choose a folder that this user may write",
                e
            );
        }
    }

    /// <exception cref="HubException"><c>hub_newer</c>, <c>hub_misconfigured</c>, <c>hub_corrupt</c>.</exception>
    /// <exception cref="SqlFault">The file cannot be used now.</exception>
    public Connection Open(string? vfs, long maxBytes, TimeProvider time)
    {
        var connection = new Connection(Path, vfs);
        try
        {
            foreach (var (name, set, value) in Pragmas)
            {
                connection.Execute($"PRAGMA {name}={set}");
                var read = connection.Ask($"PRAGMA {name}");
                if (read != value)
                {
                    throw new HubException(
                        "hub_misconfigured",
                        $"'{Path}': PRAGMA {name} reads '{read}' where '{value}' was set",
                        "move the file away and start with an empty folder, or restore a backup"
                    );
                }
            }

            if (maxBytes > 0)
            {
                connection.Execute($"PRAGMA max_page_count={Math.Max(1, maxBytes / PageBytes)}");
            }

            Migrate(connection, time);
            return connection;
        }
        catch (SqlFault fault) when ((fault.Code & 0xFF) is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            connection.Dispose();
            throw new HubException("hub_corrupt", $"'{Path}' is damaged: {fault.Message}", "restore a backup of the hub's folder", fault);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private void Migrate(Connection connection, TimeProvider time)
    {
        var scripts = Scripts();
        connection.Execute("BEGIN IMMEDIATE");
        connection.Execute(
            "CREATE TABLE IF NOT EXISTS schema_script (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)"
        );
        var applied = int.Parse(connection.Ask("SELECT coalesce(max(number), 0) FROM schema_script") ?? "0");
        if (applied > scripts.Count)
        {
            throw new HubException(
                "hub_newer",
                $"'{Path}' has schema {applied}; this version knows up to {scripts.Count}",
                "start it with the version that wrote it, or a newer one"
            );
        }

        foreach (var (number, name, sql) in scripts.Skip(applied))
        {
            connection.Execute(sql);
            connection
                .Prepare("INSERT INTO schema_script (number, name, applied_at) VALUES (?, ?, ?)")
                .Bind(1, number)
                .Bind(2, name)
                .Bind(3, time.GetUtcNow().ToUnixTimeMilliseconds())
                .Run();
        }

        connection.Execute("COMMIT");
    }

    private static List<(int Number, string Name, string Sql)> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new List<(int, string, string)>();
        foreach (
            var name in assembly
                .GetManifestResourceNames()
                .Where(n => n.StartsWith(ScriptPrefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            scripts.Add((scripts.Count + 1, name[ScriptPrefix.Length..], reader.ReadToEnd()));
        }

        return scripts;
    }
}
