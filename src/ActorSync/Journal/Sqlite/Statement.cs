using System.Text;
using ActorSync.Model;
using ActorSync.Platform;
using SQLitePCL;

namespace ActorSync.Journal.Sqlite;

/// <summary>A prepared statement. Bind positions count from 1, columns from 0.</summary>
internal sealed unsafe class Statement(SqliteDb db, sqlite3_stmt handle, string sql) : IDisposable
{
    private readonly nint _statement = handle.DangerousGetHandle();

    public Statement Bind(int position, long value)
    {
        Check(SqliteNative.BindInt64(_statement, position, value));
        return this;
    }

    public Statement Bind(int position, long? value) => value is { } known ? Bind(position, known) : BindNull(position);

    /// <summary>UTF-8; an empty span is an empty text, not null.</summary>
    public Statement BindText(int position, ReadOnlySpan<byte> utf8)
    {
        byte none;
        fixed (byte* text = utf8)
        {
            Check(SqliteNative.BindText(_statement, position, text == null ? &none : text, utf8.Length, SqliteNative.Copy));
        }

        return this;
    }

    public Statement BindText(int position, string? text)
    {
        Check(text is null ? raw.sqlite3_bind_null(handle, position) : raw.sqlite3_bind_text(handle, position, text));
        return this;
    }

    public Statement BindBlob(int position, ReadOnlySpan<byte> bytes)
    {
        byte none;
        fixed (byte* blob = bytes)
        {
            Check(SqliteNative.BindBlob(_statement, position, blob == null ? &none : blob, bytes.Length, SqliteNative.Copy));
        }

        return this;
    }

    public Statement BindNull(int position)
    {
        Check(raw.sqlite3_bind_null(handle, position));
        return this;
    }

    /// <summary>True for a row, false at the end.</summary>
    public bool Step()
    {
        var code = SqliteNative.Step(_statement);
        return code switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw Failed(code),
        };
    }

    public void Reset() => _ = SqliteNative.Reset(_statement);

    /// <summary>Steps to the end and resets, for a statement that gives no rows.</summary>
    public void Run()
    {
        var code = SqliteNative.Step(_statement);
        _ = SqliteNative.Reset(_statement);
        if (code is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            throw db.Failure(code, sql);
        }
    }

    public bool IsNull(int column) => SqliteNative.ColumnType(_statement, column) == raw.SQLITE_NULL;

    public long Long(int column) => SqliteNative.ColumnInt64(_statement, column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    /// <summary>Of a text or a blob, as stored; good until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        var bytes = SqliteNative.ColumnBlob(_statement, column);
        return new ReadOnlySpan<byte>(bytes, SqliteNative.ColumnBytes(_statement, column));
    }

    /// <summary>16 bytes, or the file is damaged.</summary>
    public OperationId Id(int column)
    {
        var bytes = Bytes(column);
        return bytes.Length == OperationId.Bytes
            ? OperationId.FromBytes(bytes)
            : throw new SqliteFailure(SqliteFailure.Corrupt, "an operation id is none", sql);
    }

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose()
    {
        db.Forget(this);
        handle.Dispose();
    }

    private SqliteFailure Failed(int code)
    {
        var failure = db.Failure(code, sql);
        _ = SqliteNative.Reset(_statement);
        return failure;
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw db.Failure(code, sql);
        }
    }
}
