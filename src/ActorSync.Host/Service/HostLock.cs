using System.Globalization;

namespace ActorSync.Host.Service;

/// <summary>One host a data folder: taken before the embedded hub and the runtime touch a file, released by the system when the process dies.</summary>
internal sealed class HostLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _processFile;

    private HostLock(FileStream file, string processFile) => (_file, _processFile) = (file, processFile);

    /// <exception cref="SyncException">Code <c>journal_locked</c>, naming the holder; <c>journal_path</c> when the folder cannot be written to.</exception>
    public static HostLock Take(DataFolder folder)
    {
        folder.Create();
        FileStream file;
        try
        {
            file = new FileStream(folder.HostLock, Options(FileMode.OpenOrCreate));
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw NotWritable(folder, failure);
        }
        catch (IOException held) when (File.Exists(folder.HostLock))
        {
            throw held.HResult == ReadOnlyFileSystem ? NotWritable(folder, held) : Failures.FolderInUse(folder.Path, Holder(folder));
        }
        catch (IOException failure)
        {
            throw NotWritable(folder, failure);
        }

        using (var process = new FileStream(folder.HostProcess, Options(FileMode.Create)))
        {
            process.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        }

        return new HostLock(file, folder.HostProcess);
    }

    public void Dispose()
    {
        File.Delete(_processFile);
        _file.Dispose();
    }

    // EROFS.
    private const int ReadOnlyFileSystem = 30;

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    private static SyncException NotWritable(DataFolder folder, Exception failure) =>
        new(
            "journal_path",
            $"--data: cannot write in {folder.Path}: {failure.Message}",
            "give a folder that this user may write to",
            failure
        );

    private static string Holder(DataFolder folder)
    {
        try
        {
            return $"another host, process {File.ReadAllText(folder.HostProcess).Trim()}";
        }
        catch (IOException)
        {
            return "another host";
        }
    }
}
