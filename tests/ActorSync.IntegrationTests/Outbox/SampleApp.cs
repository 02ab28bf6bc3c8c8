using System.Diagnostics;

namespace ActorSync.IntegrationTests.Outbox;

/// <summary>The sample app as a process: what it said to have committed before it was killed.</summary>
internal static class SampleApp
{
    /// <param name="killAfterLines">Killed when it has said that many lines; null lets it end.</param>
    public static async Task<(List<string> Committed, List<string> RolledBack)> RunAsync(
        string file,
        int first,
        int count,
        int? killAfterLines
    )
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "ActorSync.OutboxSample.dll"), file, $"{first}", $"{count}" },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet does not start");
        var (committed, rolledBack) = (new List<string>(), new List<string>());
        var lines = 0;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            Sort(line);
            if (++lines == killAfterLines)
            {
                process.Kill();
            }
        }

        await process.WaitForExitAsync();
        return (committed, rolledBack);

        void Sort(string line)
        {
            const string Committed = "committed ";
            const string RolledBack = "rolled back ";
            if (line.StartsWith(Committed, StringComparison.Ordinal))
            {
                committed.Add(line[Committed.Length..]);
            }
            else if (line.StartsWith(RolledBack, StringComparison.Ordinal))
            {
                rolledBack.Add(line[RolledBack.Length..]);
            }
        }
    }
}
