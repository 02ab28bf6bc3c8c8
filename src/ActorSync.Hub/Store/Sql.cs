using SQLitePCL;

namespace ActorSync.Hub.Store;

/// <summary>SQLite said no. Whatever was begun is void.</summary>
internal sealed class SqlFault(int code, string message) : Exception($"SQLite error {code}: {message}")
{
    /// <summary>The extended result code.</summary>
    public int Code { get; } = code;
}

/// <summary>One SQLite connection by the raw API. Belongs to one thread at a time.</summary>
internal sealed class Connection : IDisposable
{
    private readonly List<Statement> _statements = [];

    static Connection() => Batteries_V2.Init();

    public Connection(string path, string? vfs)
    {
        // No mutex: the owner is one thread.
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        var code = raw.sqlite3_open_v2(path, out var handle, flags, vfs);
        Handle = handle;
        if (code != raw.SQLITE_OK)
        {
            var fault = Fault();
            Dispose();
            throw fault;
        }
    }

    public sqlite3 Handle { get; }

    public int Changes => raw.sqlite3_changes(Handle);

    public void Execute(string sql)
    {
        if (raw.sqlite3_exec(Handle, sql) != raw.SQLITE_OK)
        {
            throw Fault();
        }
    }

    /// <summary>A statement that lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        if (raw.sqlite3_prepare_v2(Handle, sql, out var statement) != raw.SQLITE_OK)
        {
            throw Fault();
        }

        var prepared = new Statement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>The first column of the first row, as text; null when there is none.</summary>
    public string? Ask(string sql)
    {
        var statement = Prepare(sql);
        var answer = statement.Step() ? statement.Text(0) : null;
        statement.Reset();
        return answer;
    }

    public SqlFault Fault() => new(raw.sqlite3_extended_errcode(Handle), raw.sqlite3_errmsg(Handle).utf8_to_string());

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }

        _statements.Clear();
        Handle.Dispose();
    }
}
