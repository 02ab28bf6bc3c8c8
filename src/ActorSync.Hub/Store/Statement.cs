using System.Runtime.InteropServices;
using SQLitePCL;

namespace ActorSync.Hub.Store;

/// <summary>A prepared statement. Parameters count from 1, columns from 0. Bound values stay until they are bound again.</summary>
internal sealed unsafe class Statement(Connection connection, sqlite3_stmt handle) : IDisposable
{
    // Counting a SafeHandle's references costs more than most of these calls do, and one thread owns the statement.
    private readonly nint _statement = handle.DangerousGetHandle();

    public Statement Bind(int parameter, long value) => Checked(Native.BindInt64(_statement, parameter, value));

    public Statement Bind(int parameter, long? value) => value is { } known ? Bind(parameter, known) : BindNull(parameter);

    public Statement Bind(int parameter, string? text) =>
        text is null ? BindNull(parameter) : Checked(raw.sqlite3_bind_text(handle, parameter, text));

    /// <summary>UTF-8 text. An empty span is the empty text, not NULL.</summary>
    public Statement BindText(int parameter, ReadOnlySpan<byte> text)
    {
        byte none;
        fixed (byte* bytes = text)
        {
            return Checked(Native.BindText(_statement, parameter, bytes == null ? &none : bytes, text.Length, Native.Copy));
        }
    }

    public Statement BindBlob(int parameter, ReadOnlySpan<byte> blob)
    {
        byte none;
        fixed (byte* bytes = blob)
        {
            return Checked(Native.BindBlob(_statement, parameter, bytes == null ? &none : bytes, blob.Length, Native.Copy));
        }
    }

    public Statement BindNull(int parameter) => Checked(raw.sqlite3_bind_null(handle, parameter));

    /// <summary>True when a row is there. Otherwise the statement is ready to run again.</summary>
    public bool Step()
    {
        var code = Native.Step(_statement);
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

    public void Reset() => _ = Native.Reset(_statement);

    public bool IsNull(int column) => Native.ColumnType(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => Native.ColumnInt64(_statement, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public int Int32(int column) => (int)Int64(column);

    /// <summary>Of a text or a blob; good until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        var bytes = Native.ColumnBlob(_statement, column);
        return new ReadOnlySpan<byte>(bytes, Native.ColumnBytes(_statement, column));
    }

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => handle.Dispose();

    private Statement Checked(int code) => code == raw.SQLITE_OK ? this : throw connection.Fault();
}

/// <summary>The calls of the hot path, by pointer. The library is the one that SQLitePCLRaw has loaded.</summary>
internal static unsafe partial class Native
{
    private const string Library = "e_sqlite3";

    /// <summary>SQLITE_TRANSIENT: SQLite takes a copy.</summary>
    public static readonly nint Copy = -1;

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    public static partial int BindText(nint statement, int parameter, byte* text, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    public static partial int BindBlob(nint statement, int parameter, byte* blob, int length, nint destructor);

    // What takes nanoseconds and never calls back goes without telling the garbage collector.
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    [SuppressGCTransition]
    public static partial int BindInt64(nint statement, int parameter, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    [SuppressGCTransition]
    public static partial long ColumnInt64(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    [SuppressGCTransition]
    public static partial int ColumnType(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    [SuppressGCTransition]
    public static partial byte* ColumnBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    [SuppressGCTransition]
    public static partial int ColumnBytes(nint statement, int column);
}
