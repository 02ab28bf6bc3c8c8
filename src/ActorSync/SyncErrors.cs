namespace ActorSync;

/// <summary>A failure with a stable code, what failed, and what to do about it.</summary>
public class SyncException : Exception
{
    internal SyncException(string code, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Remedy = remedy;
    }

    /// <summary>Stable, in snake_case: branch on this, never on the text.</summary>
    public string Code { get; }

    /// <summary>What somebody can do, in one sentence.</summary>
    public string Remedy { get; }
}

/// <summary>The operation breaks a bound or its payload is no JSON. Nothing was stored. Code <c>invalid_operation</c>.</summary>
public sealed class InvalidOperationRefusedException : SyncException
{
    internal InvalidOperationRefusedException(string field, string message)
        : base("invalid_operation", $"{field}: {message}", "correct the field and hand the operation in again") => Field = field;

    /// <summary>The field, as the wire names it: <c>entity</c>, <c>payload</c>, …</summary>
    public string Field { get; }
}

/// <summary>The queue is at its configured limit. Nothing was stored and nothing stored was dropped. Code <c>journal_full</c>.</summary>
public sealed class JournalFullException : SyncException
{
    internal JournalFullException(long limit)
        : base(
            "journal_full",
            $"the journal holds its limit of {limit} operations",
            "let it drain, or raise actorsync.journal.max-operations"
        ) => Limit = limit;

    /// <summary>The configured limit, in operations.</summary>
    public long Limit { get; }
}

/// <summary>The journal cannot take writes now: disk full, an I/O error, starting, or stopped. Nothing was stored. Code <c>journal_unavailable</c>.</summary>
public sealed class JournalUnavailableException : SyncException
{
    internal JournalUnavailableException(
        string reason,
        string remedy = "hand the operation in again later, with the same operation id",
        Exception? inner = null
    )
        : base("journal_unavailable", $"the journal is unavailable: {reason}", remedy, inner) => Reason = reason;

    /// <summary>Why, in one clause.</summary>
    public string Reason { get; }
}

/// <summary>The journal's file may not be opened: corrupt, of a newer schema, locked by another process, or not writable.</summary>
/// <remarks>Codes: <c>journal_corrupt</c>, <c>journal_newer</c>, <c>journal_locked</c>, <c>journal_misconfigured</c>, <c>journal_path</c>.</remarks>
public sealed class JournalOpenException : SyncException
{
    internal JournalOpenException(string code, string path, string message, string remedy, Exception? inner = null)
        : base(code, message, remedy, inner) => Path = path;

    public string Path { get; }
}

/// <summary>A setting is wrong. Code <c>invalid_setting</c>.</summary>
public sealed class InvalidSettingException : SyncException
{
    internal InvalidSettingException(string key, string message, string remedy)
        : base("invalid_setting", $"{key}: {message}", remedy) => Key = key;

    /// <summary>The key's full name, such as <c>actorsync.drain.priority.interval</c>.</summary>
    public string Key { get; }
}

/// <summary>A credential could not be obtained or stored. Codes are the hub's (<c>unknown_code</c>, <c>expired</c>, …) or ours (<c>credential_unavailable</c>).</summary>
public sealed class CredentialException : SyncException
{
    internal CredentialException(string code, string message, string remedy, Exception? inner = null)
        : base(code, message, remedy, inner) { }
}
