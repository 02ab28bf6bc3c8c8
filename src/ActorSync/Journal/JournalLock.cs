using System.Globalization;

namespace ActorSync.Journal;

/// <summary>One process a journal. The lock is the operating system's, so that of a dead process is gone with it.</summary>
internal sealed class JournalLock : IDisposable
{
    private readonly FileStream _held;
    private readonly string _ownerPath;

    private JournalLock(FileStream held, string ownerPath) => (_held, _ownerPath) = (held, ownerPath);

    /// <exception cref="JournalOpenException"><c>journal_locked</c>, naming the holder; <c>journal_path</c> when the folder cannot be written.</exception>
    public static JournalLock Take(string journalPath)
    {
        var lockPath = journalPath + ".lock";
        var ownerPath = journalPath + ".owner";
        try
        {
            var held = new FileStream(lockPath, OwnerOnly(FileMode.OpenOrCreate, FileShare.None));
            WriteOwner(ownerPath);
            return new JournalLock(held, ownerPath);
        }
        catch (IOException failure) when (File.Exists(lockPath))
        {
            throw new JournalOpenException(
                "journal_locked",
                journalPath,
                $"the journal {journalPath} is in use by {ReadOwner(ownerPath)}",
                "stop that process, or use its control socket; a lock of a process that died is gone with it",
                failure
            );
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

    public void Dispose()
    {
        File.Delete(_ownerPath);
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
        using var owner = new StreamWriter(new FileStream(path, OwnerOnly(FileMode.Create, FileShare.Read)));
        owner.Write(
            string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)})")
        );
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
