using System.ComponentModel;
using System.Diagnostics;

namespace ActorSync.Tests.Architecture;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] NotSource = ["bin", "obj", ".git", "TestResults", "BenchmarkDotNet.Artifacts", "artifacts"];

    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Paths with slashes, relative to the root, in order.</summary>
    public static IReadOnlyList<string> Sources(string folder) =>
        [
            .. TrackedFiles()
                .Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal)),
        ];

    /// <summary>What git tracks, and what it would: in an unpacked archive everything but build output.</summary>
    public static IReadOnlyList<string> TrackedFiles() =>
        [.. (FromGit() ?? FromDisk()).Where(path => File.Exists(Path.Combine(Root, path))).Order(StringComparer.Ordinal)];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ActorSync.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException(
            $"there is no ActorSync.sln above {AppContext.BaseDirectory}; run the tests where they were built"
        );
    }

    private static string[]? FromGit()
    {
        try
        {
            var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            {
                WorkingDirectory = Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using var git = Process.Start(start)!;
            git.ErrorDataReceived += static (_, _) => { };
            git.BeginErrorReadLine();
            var output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> FromDisk() =>
        Directory
            .EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => NotSource.Contains(part)));
}
