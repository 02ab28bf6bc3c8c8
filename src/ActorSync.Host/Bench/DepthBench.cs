using System.Collections.Immutable;
using System.Diagnostics;
using ActorSync.Hosting;

namespace ActorSync.Host.Bench;

/// <summary>What a deep backlog costs: memory, start, first send, enqueue. Each in a process of its own.</summary>
internal sealed class DepthBench(TimeProvider time, int operations)
{
    private const int FillBatch = 4000;
    private const string Result = "depth ";
    private static readonly TimeSpan EnqueueSlice = TimeSpan.FromSeconds(3);

    public async Task<ImmutableList<BenchFigure>> RunAsync(IProgress<string> progress, CancellationToken stop)
    {
        using var deep = new BenchFolder();
        using var empty = new BenchFolder();
        progress.Report($"filling {operations} operations");
        await FillAsync(deep.Path, stop).ConfigureAwait(false);
        progress.Report("start and memory");
        using var sink = ChildProcess.Start("bench", "sink");
        var hub = await sink.ReadLineAsync(SinkHub.Ready, stop).ConfigureAwait(false);
        var shallow = await ProbeAsync(empty.Path, hub, stop).ConfigureAwait(false);
        var full = await ProbeAsync(deep.Path, hub, stop).ConfigureAwait(false);
        return
        [
            new($"start to first send, 0 pending", shallow[0], "ms", null),
            new($"start to first send, {operations} pending", full[0], "ms", 1000),
            new("resident at the first send, 0 pending", shallow[1], "MiB", null),
            new($"resident at the first send, {operations} pending", full[1], "MiB", null),
            new("growth of resident memory with the backlog", full[1] - shallow[1], "MiB", 64),
            new("resident after an enqueue load, 0 pending before it", shallow[2], "MiB", null),
            new($"resident after an enqueue load, {operations} pending before it", full[2], "MiB", null),
            new("enqueue p99, 64 callers, 0 pending", shallow[3], "ms", null),
            new($"enqueue p99, 64 callers, {operations} pending", full[3], "ms", null),
            new("enqueue p99, deep over empty", full[3] / shallow[3], "×", 2),
        ];
    }

    /// <summary>In the child: measures one folder and prints four numbers.</summary>
    public async Task ProbeHereAsync(string folder, string hub, TextWriter output, CancellationToken stop)
    {
        var options = SyncOptionsReader.Read(folder, "actorsync.drain.max-operations = 500");
        await using var runtime = await SyncRuntime.StartAsync(options, cancellation: stop).ConfigureAwait(false);
        var profile = runtime.Default;
        await profile.EnqueueAsync(BenchData.Operation(0, Model.Lane.Bulk), stop).ConfigureAwait(false);
        await BenchToken.UseAsync(profile, new Uri(hub), stop).ConfigureAwait(false);
        while ((await profile.GetStatusAsync(stop).ConfigureAwait(false)).Drain.Accepted == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), time, stop).ConfigureAwait(false);
        }

        var firstSend = (time.GetUtcNow().UtcDateTime - Process.GetCurrentProcess().StartTime.ToUniversalTime()).TotalMilliseconds;
        // Before any load: what an equal load makes grow would hide what the backlog costs.
        var resident = Resident();
        await profile
            .PatchSettingsAsync(ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add("mode", "local"), stop)
            .ConfigureAwait(false);
        var load = new EnqueueLoad(runtime, time, batch: 1);
        await load.RunAsync(64, EnqueueSlice / 3, stop).ConfigureAwait(false);
        var enqueue = await load.RunAsync(64, EnqueueSlice, stop).ConfigureAwait(false);
        await output
            .WriteLineAsync(FormattableString.Invariant($"{Result}{firstSend:F1} {resident:F1} {Resident():F1} {enqueue.P99:F3}"))
            .ConfigureAwait(false);
        await output.FlushAsync(stop).ConfigureAwait(false);
    }

    private static double Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64 / (1024.0 * 1024);
    }

    private static async Task<double[]> ProbeAsync(string folder, string hub, CancellationToken stop)
    {
        using var child = ChildProcess.Start("bench", "probe", "--folder", folder, "--hub", hub);
        var line = await child.ReadLineAsync(Result, stop).ConfigureAwait(false);
        return [.. line.Split(' ').Select(number => double.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
    }

    private async Task FillAsync(string folder, CancellationToken stop)
    {
        var options = SyncOptionsReader.Read(folder) with { Online = false };
        await using var runtime = await SyncRuntime.StartAsync(options, cancellation: stop).ConfigureAwait(false);
        for (var first = 0; first < operations; first += FillBatch)
        {
            var batch = Enumerable
                .Range(first, Math.Min(FillBatch, operations - first))
                .Select(number => BenchData.Operation(number))
                .ToArray();
            await runtime.EnqueueAsync(batch, stop).ConfigureAwait(false);
        }
    }
}
