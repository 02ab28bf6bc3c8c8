using ActorSync.Wire;

namespace ActorSync.Diagnostics;

/// <summary>What SQLite's result codes mean for us.</summary>
internal static class StorageErrors
{
    /// <param name="resultCode">SQLite's, primary or extended, such as 5 or 522.</param>
    public static HubFailure Classify(int resultCode, string? message = null)
    {
        var detail = $"{RemoteText.Clean(message, 200)} (SQLite {resultCode})".TrimStart();
        return Failures.Make(CodeOf(resultCode), detail);
    }

    private static string CodeOf(int resultCode) =>
        resultCode switch
        {
            // Extended codes that say more than their family. IOERR: RDLOCK, LOCK, CHECKRESERVEDLOCK, BLOCKED, UNLOCK.
            2314 or 3850 or 3594 or 2826 or 2058 => "storage_busy",
            3082 => "memory", // IOERR_NOMEM
            8458 => "storage_corrupt", // IOERR_CORRUPTFS
            8202 => "storage_corrupt", // IOERR_DATA: a checksum of the VFS
            _ => (resultCode & 0xFF) switch
            {
                5 or 6 or 15 or 9 or 17 => "storage_busy", // BUSY, LOCKED, PROTOCOL, INTERRUPT, SCHEMA
                11 or 26 => "storage_corrupt", // CORRUPT, NOTADB
                13 => "storage_full",
                10 => "storage_io",
                3 or 8 or 23 => "storage_permission", // PERM, READONLY, AUTH
                14 => "storage_cannot_open",
                7 or 18 or 22 => "memory", // NOMEM, TOOBIG, NOLFS
                _ => "unknown", // ERROR, CONSTRAINT, MISUSE, …: a fault of ours
            },
        };
}
