using ActorSync.Platform;
using SQLitePCL;

namespace ActorSync.Hub.Store;

/// <summary>A prepared statement. Parameters count from 1, columns from 0. Bound values stay until they are bound again.</summary>
internal sealed unsafe class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    // Counting a SafeHandle's references costs more than most of these calls do, and one thread owns the statement.
    private readonly nint _statement = handle.DangerousGetHandle();

    public Statement Bind(int parameter, long value) => Checked(SqliteNative.BindInt64(_statement, parameter, value));

    public Statement Bind(int parameter, long? value) => value is { } known ? Bind(parameter, known) : BindNull(parameter);

    public Statement Bind(int parameter, string? text) =>
        text is null ? BindNull(parameter) : Checked(raw.sqlite3_bind_text(handle, parameter, text));

    /// <summary>UTF-8 text. An empty span is the empty text, not NULL.</summary>
    public Statement BindText(int parameter, ReadOnlySpan<byte> text)
    {
        byte none;
        fixed (byte* bytes = text)
        {
            return Checked(SqliteNative.BindText(_statement, parameter, bytes == null ? &none : bytes, text.Length, SqliteNative.Copy));
        }
    }

    public Statement BindBlob(int parameter, ReadOnlySpan<byte> blob)
    {
        byte none;
        fixed (byte* bytes = blob)
        {
            return Checked(SqliteNative.BindBlob(_statement, parameter, bytes == null ? &none : bytes, blob.Length, SqliteNative.Copy));
        }
    }

    public Statement BindNull(int parameter) => Checked(raw.sqlite3_bind_null(handle, parameter));

    /// <summary>True when a row is there. Otherwise the statement is ready to run again.</summary>
    public bool Step()
    {
        var code = SqliteNative.Step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        var fault = code == raw.SQLITE_DONE ? null : connection.Fault();
        Reset();
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

    public void Reset() => _ = SqliteNative.Reset(_statement);

    public bool IsNull(int column) => SqliteNative.ColumnType(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => SqliteNative.ColumnInt64(_statement, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public int Int32(int column) => (int)Int64(column);

    /// <summary>Of a text or a blob; good until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        var bytes = SqliteNative.ColumnBlob(_statement, column);
        return new ReadOnlySpan<byte>(bytes, SqliteNative.ColumnBytes(_statement, column));
    }

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => handle.Dispose();

    private Statement Checked(int code) => code == raw.SQLITE_OK ? this : throw connection.Fault();
}
