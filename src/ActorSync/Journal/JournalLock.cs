using System.Globalization;
using ActorSync.Journal.Sqlite;

namespace ActorSync.Journal;

/// <summary>One process a journal. The lock is the operating system's, so that of a dead process is gone with it.</summary>
internal sealed class JournalLock : IDisposable
{
    // EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION.
    private const int HeldOnLinux = 11;
    private const int HeldOnMac = 35;
    private const int HeldOnWindows = unchecked((int)0x80070020);
    private const int NoSpace = 28;
    private const int NoQuota = 122;
    private const int TooManyFiles = 24;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    private readonly FileStream _held;
    private readonly string _ownerPath;

    private JournalLock(FileStream held, string ownerPath) => (_held, _ownerPath) = (held, ownerPath);

    /// <summary>A journal was made here: an empty file in its place is a damaged one.</summary>
    public bool Remembers => _held.Length > 0;

    /// <exception cref="JournalOpenException"><c>journal_locked</c>, naming the holder; <c>journal_path</c> when the folder cannot be written.</exception>
    /// <exception cref="SqliteFailure">The disk is full, or something else that passes.</exception>
    public static JournalLock Take(string journalPath)
    {
        var lockPath = journalPath + ".lock";
        var ownerPath = journalPath + ".owner";
        try
        {
            var held = new JournalLock(new FileStream(lockPath, OwnerOnly(FileMode.OpenOrCreate, FileShare.None)), ownerPath);
            WriteOwner(ownerPath);
            return held;
        }
        catch (IOException failure) when (failure.HResult is HeldOnLinux or HeldOnMac or HeldOnWindows)
        {
            throw new JournalOpenException(
                "journal_locked",
                journalPath,
                $"the journal {journalPath} is in use by {ReadOwner(ownerPath)}",
                "stop that process, or use its control socket; a lock of a process that died is gone with it",
                failure
            );
        }
        catch (IOException failure) when (IsPassing(failure))
        {
            throw new SqliteFailure(SqliteFailure.Full, failure.Message, $"lock of {journalPath}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new JournalOpenException(
                "journal_path",
                journalPath,
                $"the folder of {journalPath} cannot be written: {failure.Message}",
                "choose a folder that this user may write, with --data or actorsync.data-directory",
                failure
            );
        }
    }

    /// <summary>No room on the disk, or no descriptors: it may be over at the next try.</summary>
    public static bool IsPassing(IOException failure) => failure.HResult is NoSpace or NoQuota or TooManyFiles or DiskFullOnWindows;

    public void Remember()
    {
        if (Remembers)
        {
            return;
        }

        try
        {
            _held.WriteByte((byte)'1');
            _held.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // On a full disk the next start does it.
            return;
        }
    }

    public void Forget() => _held.SetLength(0);

    public void Dispose()
    {
        try
        {
            File.Delete(_ownerPath);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It names a process that is gone, and the next owner writes over it.
        }

        _held.Dispose();
    }

    internal static FileStreamOptions OwnerOnly(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    // Beside the lock, not in it: on Windows nobody may read a file that is held alone.
    private static void WriteOwner(string path)
    {
        try
        {
            using var owner = new StreamWriter(new FileStream(path, OwnerOnly(FileMode.Create, FileShare.Read)));
            owner.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)})"
                )
            );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only a name for whoever comes second; the lock itself is held.
            return;
        }
    }

    private static string ReadOwner(string path)
    {
        try
        {
            var owner = File.ReadAllText(path).Trim();
            return owner.Length is > 0 and < 200 ? owner : "another process";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
