using Shouldly;

namespace ActorSync.Tests.Architecture;

/// <summary>What was agreed to: a difference is a decision, seen in the same commit.</summary>
/// <remarks><c>ACTORSYNC_APPROVE=1 dotnet test --filter Architecture</c> writes the files anew.</remarks>
internal static class Approved
{
    private const string Folder = "tests/ActorSync.Tests/Architecture/Approved";

    public static IReadOnlyList<string> Lines(string name) =>
        [.. Repository.Read($"{Folder}/{name}").Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#'))];

    /// <summary>Writes the file anew when that was asked for.</summary>
    /// <param name="content">Is given the lines that stand there.</param>
    public static void Renew(string name, Func<string[], IEnumerable<string>> content)
    {
        if (Environment.GetEnvironmentVariable("ACTORSYNC_APPROVE") == "1")
        {
            var path = Path.Combine(Repository.Root, Folder, name);
            string[] lines = [.. content(File.ReadAllLines(path))];
            File.WriteAllText(path, string.Join('\n', lines) + "\n");
        }
    }

    public static void ShouldBeApproved(this IEnumerable<string> lines, string name)
    {
        string[] now = [.. lines];
        Renew(name, _ => now);

        Difference(Lines(name), now)
            .ShouldBeEmpty($"{name} is out of date; if the change is meant: ACTORSYNC_APPROVE=1 dotnet test --filter Architecture");
    }

    /// <summary>Lines that left, with <c>-</c>, and lines that came, with <c>+</c>.</summary>
    public static IReadOnlyList<string> Difference(IReadOnlyCollection<string> approved, IReadOnlyCollection<string> now) =>
        [
            .. approved.Except(now, StringComparer.Ordinal).Select(line => "- " + line),
            .. now.Except(approved, StringComparer.Ordinal).Select(line => "+ " + line),
        ];
}
