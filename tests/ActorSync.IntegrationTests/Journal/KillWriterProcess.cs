using System.Diagnostics;

namespace ActorSync.IntegrationTests.Journal;

/// <summary>A process that works on a journal and reports; it is killed (SIGKILL) after a number of lines and everything it reported is kept.</summary>
internal sealed class KillWriterProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    public KillWriterProcess(string journal, string what, int seed)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ActorSync.KillWriter.dll");
        _process = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["exec", program, journal, what, $"{seed}"])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
    }

    public int Id => _process.Id;

    public async Task ReadUntilAsync(string expected)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line && line != expected)
        {
            continue;
        }
    }

    /// <summary>Reads that many lines, kills, and reads what was in the pipe already.</summary>
    public async Task<List<string>> KillAfterAsync(int lines)
    {
        var report = new List<string>();
        using var patience = new CancellationTokenSource(Patience);
        while (report.Count < lines && await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            report.Add(line);
        }

        _process.Kill();
        var rest = await _process.StandardOutput.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        // The last line may have been cut in the middle of a write.
        report.AddRange(rest.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipLast(rest.EndsWith('\n') ? 0 : 1));
        return report;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
