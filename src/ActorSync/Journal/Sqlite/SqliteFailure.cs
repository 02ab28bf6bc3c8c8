namespace ActorSync.Journal.Sqlite;

/// <summary>SQLite said no. Carries its extended result code, which is what decides.</summary>
internal sealed class SqliteFailure(int code, string message, string during) : Exception($"SQLite error {code} during {during}: {message}")
{
    public const int Error = 1;
    public const int Busy = 5;
    public const int Locked = 6;
    public const int ReadOnly = 8;
    public const int IoError = 10;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int NotADatabase = 26;

    /// <summary>The shared memory beside the WAL could not grow: a full disk says so in this way too.</summary>
    private const int IoErrorShmSize = IoError | (19 << 8);

    /// <summary>The extended result code: the primary one is its low byte.</summary>
    public int Code => code;

    public int PrimaryCode => code & 0xFF;

    public bool IsCorruption => PrimaryCode is Corrupt or NotADatabase;

    /// <summary>A statement of ours does not fit the tables that are there.</summary>
    public bool IsSchemaGone => PrimaryCode == Error;

    public bool IsFull => PrimaryCode == Full || Code == IoErrorShmSize;
}
