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

/// <summary>A prepared statement. Parameters count from 1, columns from 0. Bound values stay until they are bound again.</summary>
internal sealed class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    private static readonly byte[] Terminator = [0];

    public Statement Bind(int parameter, long value) => Checked(raw.sqlite3_bind_int64(handle, parameter, value));

    public Statement Bind(int parameter, long? value) => value is { } known ? Bind(parameter, known) : BindNull(parameter);

    public Statement Bind(int parameter, string? text) =>
        text is null ? BindNull(parameter) : Checked(raw.sqlite3_bind_text(handle, parameter, text));

    /// <summary>UTF-8 text. An empty span is the empty text, not NULL.</summary>
    public Statement BindText(int parameter, ReadOnlySpan<byte> text) =>
        Checked(
            text.IsEmpty
                ? raw.sqlite3_bind_text(handle, parameter, utf8z.FromSpan(Terminator))
                : raw.sqlite3_bind_text(handle, parameter, text)
        );

    public Statement BindBlob(int parameter, ReadOnlySpan<byte> bytes) => Checked(raw.sqlite3_bind_blob(handle, parameter, bytes));

    public Statement BindNull(int parameter) => Checked(raw.sqlite3_bind_null(handle, parameter));

    /// <summary>True when a row is there. Otherwise the statement is ready to run again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        var fault = code == raw.SQLITE_DONE ? null : connection.Fault();
        raw.sqlite3_reset(handle);
        return fault is null ? false : throw fault;
    }

    /// <summary>Steps once and lets go of the row.</summary>
    public void Run()
    {
        if (Step())
        {
            Reset();
        }
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public int Int32(int column) => raw.sqlite3_column_int(handle, column);

    /// <summary>Good until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => handle.Dispose();

    private Statement Checked(int code) => code == raw.SQLITE_OK ? this : throw connection.Fault();
}
