using SQLitePCL;

namespace ActorSync.TestKit.Disk;

/// <summary>A connection with nothing around it, for workloads and checks of the crash disk.</summary>
internal sealed class RawDatabase : IDisposable
{
    private readonly sqlite3 _db;

    public RawDatabase(string path, string? vfs)
    {
        Batteries_V2.Init();
        Check(raw.sqlite3_open_v2(path, out _db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, vfs));
    }

    /// <summary>Runs all statements of the text.</summary>
    /// <exception cref="RawDatabaseException">SQLite says no.</exception>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    public long Number(string sql) => Query(sql, static row => raw.sqlite3_column_int64(row, 0));

    public string Text(string sql) => Query(sql, static row => raw.sqlite3_column_text(row, 0).utf8_to_string() ?? "");

    public IReadOnlyList<T> Rows<T>(string sql, Func<sqlite3_stmt, T> read)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out var statement));
        using (statement)
        {
            var rows = new List<T>();
            int code;
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
                rows.Add(read(statement));
            }

            Check(code == raw.SQLITE_DONE ? 0 : code);
            return rows;
        }
    }

    public void Dispose() => raw.sqlite3_close_v2(_db);

    private T Query<T>(string sql, Func<sqlite3_stmt, T> read) =>
        Rows(sql, read) is [var first, ..] ? first : throw new RawDatabaseException(0, "no row");

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new RawDatabaseException(code, raw.sqlite3_errmsg(_db).utf8_to_string());
        }
    }
}

internal sealed class RawDatabaseException(int code, string message) : Exception($"SQLite {code}: {message}")
{
    public int Code => code;
}
