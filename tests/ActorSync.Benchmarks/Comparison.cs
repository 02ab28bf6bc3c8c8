using System.Collections.Immutable;
using ActorSync.Host.Bench;
using ActorSync.Hosting;

namespace ActorSync.Benchmarks;

/// <summary>Ours against one transaction an operation and against an EF Core outbox, in turns; all with fsync at each commit.</summary>
internal sealed class Comparison(TimeProvider time, TimeSpan slice, int rounds)
{
    private const double GatePlain = 15;
    private const double GateEf = 40;

    public async Task<BenchReport> RunAsync(int callers)
    {
        var (ours, plain, ef) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(await OursAsync(callers));
            plain.Add(await OneAtATimeAsync(callers, folder => new PlainOutbox(folder)));
            ef.Add(await OneAtATimeAsync(callers, folder => new EfOutbox(folder)));
        }

        return new BenchReport(
            $"{Environment.ProcessorCount} cores, {Environment.OSVersion.VersionString}",
            [
                Row($"enqueue, {callers} callers, over one transaction an operation", ours, plain, GatePlain),
                Row($"enqueue, {callers} callers, over an EF Core outbox", ours, ef, GateEf),
            ],
            ImmutableList<BenchFigure>.Empty
        );
    }

    private static BenchRow Row(string name, List<double> ours, List<double> others, double gate)
    {
        var ratios = ours.Zip(others, (mine, other) => mine / other).ToArray();
        return new BenchRow(name, BenchMath.Median(ours), BenchMath.Median(others), BenchMath.Median(ratios), ratios.Min(), gate);
    }

    private async Task<double> OursAsync(int callers)
    {
        using var folder = new BenchFolder();
        await using var runtime = await SyncRuntime.StartAsync(SyncOptionsReader.Read(folder.Path) with { Online = false });
        var load = new EnqueueLoad(runtime, time, batch: 1);
        await load.RunAsync(callers, slice / 3, CancellationToken.None);
        return (await load.RunAsync(callers, slice, CancellationToken.None)).PerSecond;
    }

    // SQLite has one writer: callers queue for it, as they do in an app.
    private async Task<double> OneAtATimeAsync(int callers, Func<string, IOutbox> open)
    {
        using var folder = new BenchFolder();
        using var outbox = open(folder.Path);
        using var turn = new SemaphoreSlim(1);
        long number = 0;
        var started = time.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallAsync()));
        return counts.Sum() / time.GetElapsedTime(started).TotalSeconds;

        async Task<long> CallAsync()
        {
            long count = 0;
            while (time.GetElapsedTime(started) < slice)
            {
                await turn.WaitAsync();
                try
                {
                    outbox.Add(BenchData.Operation(number++));
                }
                finally
                {
                    turn.Release();
                }

                count++;
            }

            return count;
        }
    }
}
