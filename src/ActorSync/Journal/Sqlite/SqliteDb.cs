using SQLitePCL;

namespace ActorSync.Journal.Sqlite;

/// <summary>One connection through the raw API: no pooling, no strings on the hot path, one thread at a time.</summary>
internal sealed class SqliteDb : IDisposable
{
    private const int NoCheckpointOnClose = 1006;
    private const int PagesWritten = 9;
    private const int PassiveCheckpoint = 0;

    /// <summary>SQLITE_PREPARE_PERSISTENT: statements that stay must not use up the connection's lookaside memory, or each insert allocates.</summary>
    private const uint Persistent = 1;
    private const int OpenFlags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
    private readonly sqlite3 _handle;
    private readonly HashSet<Statement> _statements = [];
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private int _walPages;

    static SqliteDb() => Batteries_V2.Init();

    private SqliteDb(sqlite3 handle)
    {
        _handle = handle;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
    }

    /// <param name="vfs">Null for the platform's.</param>
    public static SqliteDb Open(string path, string? vfs, bool readOnly = false)
    {
        var flags = readOnly ? raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_NOMUTEX : OpenFlags;
        var code = raw.sqlite3_open_v2(path, out var handle, flags, vfs);
        if (code != raw.SQLITE_OK)
        {
            var message = handle is null ? "" : raw.sqlite3_errmsg(handle).utf8_to_string();
            var extended = handle is null ? code : raw.sqlite3_extended_errcode(handle);
            handle?.Dispose();
            throw new SqliteFailure(extended, message, $"open of {path}");
        }

        raw.sqlite3_extended_result_codes(handle, 1);
        return new SqliteDb(handle);
    }

    /// <summary>Pages written to the WAL after which a commit checkpoints; 0 leaves that to SQLite, which looks at no result.</summary>
    public int CheckpointPages { get; set; }

    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>Kept until it is disposed, or the connection closes.</summary>
    public Statement Prepare(string sql)
    {
        var code = raw.sqlite3_prepare_v3(_handle, sql, Persistent, out var statement);
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code, sql);
        }

        var prepared = new Statement(this, statement, sql);
        _statements.Add(prepared);
        return prepared;
    }

    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code, sql);
        }
    }

    public string? QueryText(string sql) => Query(sql, static s => s.IsNull(0) ? null : s.Text(0));

    public long QueryLong(string sql) => Query(sql, static s => s.Long(0));

    public void Begin() => _begin.Run();

    public void Commit()
    {
        _commit.Run();
        if (CheckpointPages > 0)
        {
            CheckpointWhenDue();
        }
    }

    /// <summary>Whether closing leaves the file and its WAL as they are: for a file that may not be ours.</summary>
    public void LeaveAsIs(bool leave)
    {
        var code = raw.sqlite3_db_config(_handle, NoCheckpointOnClose, leave ? 1 : 0, out _);
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code, "sqlite3_db_config");
        }
    }

    /// <summary>Ends a failed transaction. SQLite may have ended it by itself, so a refusal is no news.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_handle) != 0)
        {
            return;
        }

        try
        {
            _rollback.Run();
        }
        catch (SqliteFailure)
        {
            // What made us roll back is on its way up, and the connection closes.
            return;
        }
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: all of it or nothing.</summary>
    public void InTransaction(Action work)
    {
        Begin();
        try
        {
            work();
            Commit();
        }
        catch
        {
            Rollback();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.ToArray())
        {
            statement.Dispose();
        }

        _handle.Dispose();
    }

    internal void Forget(Statement statement) => _statements.Remove(statement);

    internal SqliteFailure Failure(int code, string during) => new(code, raw.sqlite3_errmsg(_handle).utf8_to_string(), during);

    private void CheckpointWhenDue()
    {
        raw.sqlite3_db_status(_handle, PagesWritten, out var pages, out _, resetFlg: 1);
        _walPages += pages;
        if (_walPages < CheckpointPages)
        {
            return;
        }

        _walPages = 0;
        var code = raw.sqlite3_wal_checkpoint_v2(_handle, null, PassiveCheckpoint, out _, out _);
        // Somebody reads, or there is no room: the WAL grows, and the next one is due after as many pages again.
        if ((code & 0xFF) is not (raw.SQLITE_OK or SqliteFailure.Busy or SqliteFailure.Full))
        {
            throw Failure(code, "checkpoint");
        }
    }

    private T? Query<T>(string sql, Func<Statement, T> read)
    {
        var code = raw.sqlite3_prepare_v2(_handle, sql, out var handle);
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code, sql);
        }

        using var statement = new Statement(this, handle, sql);
        return statement.Step() ? read(statement) : default;
    }
}
