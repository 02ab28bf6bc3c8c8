using System.Buffers;
using System.Text;
using ActorSync.Platform;

namespace ActorSync.Host.Service;

/// <summary>Which profiles a data folder has, and which is the default. A profile is its folder; the default's name is a file.</summary>
internal static class ProfileBook
{
    public const string First = "default";
    private const int MaxName = 64;
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    );

    // What Windows takes for devices, with any ending.
    private static readonly string[] Reserved =
    [
        "con",
        "prn",
        "aux",
        "nul",
        .. Enumerable.Range(0, 10).SelectMany(static n => new[] { $"com{n}", $"lpt{n}" }),
    ];

    public static string FolderOf(DataFolder folder, string name) => Path.Combine(folder.Path, "profiles", name);

    /// <summary>Every profile that has a folder, by name.</summary>
    public static IReadOnlyList<string> Names(DataFolder folder)
    {
        var profiles = Path.Combine(folder.Path, "profiles");
        return Directory.Exists(profiles)
            ?
            [
                .. Directory
                    .EnumerateDirectories(profiles)
                    .Select(static path => Path.GetFileName(path))
                    .Where(static name => WhyNot(name) is null)
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    /// <summary>The one that <c>use</c> named; a folder that was never told is asked for <c>default</c>.</summary>
    public static string Default(DataFolder folder)
    {
        var name = Chosen(folder);
        return WhyNot(name) is null
            ? name
            : throw new SyncException(
                "invalid_setting",
                $"{DefaultFile(folder)} names no profile",
                "name one with 'actorsync profile use NAME'"
            );
    }

    /// <summary>Durable when it returns.</summary>
    public static void Use(DataFolder folder, string name)
    {
        folder.Create();
        SecretFile.Write(DefaultFile(folder), Encoding.UTF8.GetBytes(name));
    }

    /// <summary>The name becomes a folder's and an actor's.</summary>
    /// <exception cref="SyncException">Code <c>usage</c>, naming the flag.</exception>
    public static void Check(string flag, string name)
    {
        if (WhyNot(name) is { } problem)
        {
            throw Failures.Usage(
                flag,
                $"'{name}' {problem}",
                "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
            );
        }
    }

    /// <summary>The profile of that name as its folder is spelt: some file systems take two spellings for one.</summary>
    public static string? Known(DataFolder folder, string name) =>
        Names(folder).FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));

    private static string? WhyNot(string name) =>
        name.Length is 0 or > MaxName || !char.IsAsciiLetterOrDigit(name[0]) || name.AsSpan().ContainsAnyExcept(NameCharacters)
            ? "is no name for a profile"
        : name.EndsWith('.') ? "ends with a dot, which some file systems drop"
        : Reserved.Contains(name.Split('.')[0], StringComparer.OrdinalIgnoreCase) ? "is a device's name on Windows"
        : null;

    private static string Chosen(DataFolder folder)
    {
        try
        {
            return Directory.Exists(folder.Path) && SecretFile.Read(DefaultFile(folder), MaxName * 4) is { } bytes
                ? Encoding.UTF8.GetString(bytes).Trim()
                : First;
        }
        catch (SecretFileException unreadable)
        {
            throw new SyncException(
                "journal_path",
                $"--data: {unreadable.Message}",
                "give a folder that this user may read and write",
                unreadable
            );
        }
    }

    private static string DefaultFile(DataFolder folder) => Path.Combine(folder.Path, "default-profile");
}
