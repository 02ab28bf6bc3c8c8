using System.Collections.Immutable;
using ActorSync.Hosting;
using ActorSync.Platform;

namespace ActorSync.Host.Bench;

/// <summary>Durable enqueue through the façade against the raw group insert, in turns within one run.</summary>
internal sealed class EnqueueBench(TimeProvider time, TimeSpan slice, int rounds)
{
    private static readonly (int Callers, int Batch, int RawGroup, double Gate)[] Shapes =
    [
        (1, 1, 1, 0.8),
        (8, 1, 8, 0.75),
        (64, 1, 64, 0.7),
        (1000, 1, 500, 0.75),
        (1, 1000, 500, 0.75),
    ];

    public static bool Knows(int callers) => Array.Exists(Shapes, shape => shape.Callers == callers);

    /// <param name="only">Measures the shapes with so many callers; null for all.</param>
    public async Task<ImmutableList<BenchRow>> RunAsync(int? only, IProgress<string> progress, CancellationToken stop)
    {
        var rows = ImmutableList<BenchRow>.Empty;
        foreach (var (callers, batch, group, gate) in Shapes.Where(shape => only is null || shape.Callers == only))
        {
            var name = batch == 1 ? $"enqueue, {callers} callers" : $"enqueue, {callers} caller, batches of {batch}";
            progress.Report(name);
            var (ours, raw) = (new List<Measured>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                stop.ThrowIfCancellationRequested();
                raw.Add(Raw(group));
                ours.Add(await OursAsync(callers, batch, stop).ConfigureAwait(false));
            }

            var ratios = ours.Zip(raw, (mine, control) => mine.PerSecond / control).ToArray();
            rows = rows.Add(
                new BenchRow(
                    name,
                    BenchMath.Median(ours.Select(one => one.PerSecond)),
                    BenchMath.Median(raw),
                    BenchMath.Median(ratios),
                    ratios.Min(),
                    gate,
                    BenchMath.Median(ours.Select(one => one.P50)),
                    BenchMath.Median(ours.Select(one => one.P99)),
                    ours.Max(one => one.Max),
                    BenchMath.Median(ours.Select(one => one.Bytes)),
                    $"raw in groups of {group}"
                )
            );
        }

        return rows;
    }

    private double Raw(int group)
    {
        using var folder = new BenchFolder();
        var options = SyncOptionsReader.Read(folder.Path);
        using var journal = new RawJournal(Path.Combine(folder.Path, "raw.db"), options.Journal, SyncPlatform.Real(time));
        long number = 0;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < slice)
        {
            journal.InsertGroup(group, number);
            number += group;
        }

        return number / time.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<Measured> OursAsync(int callers, int batch, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        var options = SyncOptionsReader.Read(folder.Path) with { Online = false };
        await using var runtime = await SyncRuntime.StartAsync(options, cancellation: stop).ConfigureAwait(false);
        var load = new EnqueueLoad(runtime, time, batch);
        await load.RunAsync(callers, slice / 3, stop).ConfigureAwait(false);
        return await load.RunAsync(callers, slice, stop).ConfigureAwait(false);
    }
}

/// <param name="P50">Milliseconds.</param>
/// <param name="Bytes">Allocated an operation in the whole process, the operation itself included.</param>
internal sealed record Measured(double PerSecond, double P50, double P99, double Max, double Bytes);

/// <summary>Callers that each await one enqueue before the next.</summary>
internal sealed class EnqueueLoad(SyncRuntime runtime, TimeProvider time, int batch)
{
    private long _number;

    public async Task<Measured> RunAsync(int callers, TimeSpan duration, CancellationToken stop)
    {
        var waits = Enumerable.Range(0, callers).Select(_ => new List<long>(4096)).ToArray();
        var before = GC.GetTotalAllocatedBytes();
        var started = time.GetTimestamp();
        var until = started + (long)(duration.TotalSeconds * time.TimestampFrequency);
        var done = await Task.WhenAll(waits.Select(own => CallAsync(until, own, stop))).ConfigureAwait(false);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        var bytes = GC.GetTotalAllocatedBytes() - before;
        var sorted = waits.SelectMany(own => own).Order().ToArray();
        return new Measured(
            done.Sum() / seconds,
            BenchMath.Percentile(sorted, 0.50, time.TimestampFrequency),
            BenchMath.Percentile(sorted, 0.99, time.TimestampFrequency),
            BenchMath.Percentile(sorted, 1, time.TimestampFrequency),
            bytes / (double)Math.Max(1, done.Sum())
        );
    }

    private async Task<long> CallAsync(long until, List<long> waits, CancellationToken stop)
    {
        long count = 0;
        while (true)
        {
            var started = time.GetTimestamp();
            if (started >= until)
            {
                return count;
            }

            if (batch == 1)
            {
                await runtime.EnqueueAsync(BenchData.Operation(Interlocked.Increment(ref _number)), stop).ConfigureAwait(false);
            }
            else
            {
                var operations = new Model.NewOperation[batch];
                for (var i = 0; i < batch; i++)
                {
                    operations[i] = BenchData.Operation(Interlocked.Increment(ref _number));
                }

                await runtime.EnqueueAsync(operations, stop).ConfigureAwait(false);
            }

            waits.Add(time.GetTimestamp() - started);
            count += batch;
        }
    }
}

/// <summary>A folder for one round, removed after it.</summary>
internal sealed class BenchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("actorsync-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
