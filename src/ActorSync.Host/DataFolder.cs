using System.Security.Cryptography;
using System.Text;

namespace ActorSync.Host;

/// <summary>The one folder that everything of an installation lives in, and the names in it.</summary>
internal sealed record DataFolder(string Path)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Hub => System.IO.Path.Combine(Path, "hub");

    public string Logs => System.IO.Path.Combine(Path, "logs");

    public string Demo => System.IO.Path.Combine(Path, "demo");

    public string Spool => System.IO.Path.Combine(Path, "spool");

    /// <summary>An operator's own settings, laid over the defaults.</summary>
    public string Settings => System.IO.Path.Combine(Path, "actorsync.conf");

    public string HostLock => System.IO.Path.Combine(Path, "host.lock");

    public string HostProcess => System.IO.Path.Combine(Path, "host.pid");

    /// <summary>Eight bytes of the folder's name: for what must be short or machine-wide.</summary>
    public string ShortName => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)).AsSpan(0, 8));

    /// <summary>From the flag, else <c>ACTORSYNC_DATA</c>, else the platform's application-data folder.</summary>
    /// <exception cref="SyncException">The name is no path, or a file stands there.</exception>
    public static DataFolder Choose(string? flag, Func<string, string?> variable)
    {
        var (source, chosen) =
            flag is not null ? ("--data", flag)
            : variable("ACTORSYNC_DATA") is { Length: > 0 } set ? ("ACTORSYNC_DATA", set)
            : (
                "--data",
                System.IO.Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
                    "actorsync"
                )
            );
        if (string.IsNullOrWhiteSpace(chosen) || chosen.Contains('\0'))
        {
            throw Failures.Usage(source, "the name of the data folder is empty", "give a folder's name");
        }

        var folder = new DataFolder(System.IO.Path.GetFullPath(chosen));
        return File.Exists(folder.Path)
            ? throw Failures.Usage(source, $"{folder.Path} is a file; a folder is needed", "give another folder, or move the file away")
            : folder;
    }

    /// <summary>Makes the folder, readable by its owner alone, when it is not there.</summary>
    public void Create() => CreatePrivate(Path);

    public static void CreatePrivate(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, Private);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(
                "journal_path",
                $"--data: cannot create {path}: {failure.Message}",
                "give a folder that this user may write to",
                failure
            );
        }
    }
}
