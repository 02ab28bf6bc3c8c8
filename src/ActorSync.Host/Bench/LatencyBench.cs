using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ActorSync.Hosting;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Host.Bench;

/// <summary>From the call that writes a change on one device until another device's replica holds it: two runtimes, and a hub in a process of its own.</summary>
/// <param name="every">Between two changes: a person's pace, not a load.</param>
internal sealed class LatencyBench(TimeProvider time, int changes, TimeSpan every)
{
    private const string Entity = "latency";
    private const int WarmUp = 100;
    private const int Page = 1000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task<ImmutableList<BenchFigure>> RunAsync(IProgress<string> progress, CancellationToken stop)
    {
        progress.Report($"{changes} changes, one every {every.TotalMilliseconds} ms");
        using var folder = new BenchFolder();
        using var hub = await BenchHub.StartAsync(Path.Combine(folder.Path, "hub"), stop).ConfigureAwait(false);
        await using var writer = await DeviceAsync(folder, "writer", hub, stop).ConfigureAwait(false);
        await using var reader = await DeviceAsync(folder, "reader", hub, stop).ConfigureAwait(false);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var asking = AskAsync(hub.Address, over.Token);
        long[] waits;
        try
        {
            waits = await MeasureAsync(writer, reader, stop).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }

        var sorted = waits.Skip(WarmUp).Order().ToArray();
        var raw = (await asking.ConfigureAwait(false)).Order().ToArray();
        return
        [
            new($"a change of another device is seen, median of {changes}", At(sorted, 0.5), "ms", 100),
            new("a change of another device is seen, p99", At(sorted, 0.99), "ms", null),
            new("a change of another device is seen, p99.9", At(sorted, 0.999), "ms", 1000),
            new("a change of another device is seen, longest", At(sorted, 1), "ms", null),
            new("a bare request to the same hub meanwhile, median", At(raw, 0.5), "ms", null),
            new("a bare request to the same hub meanwhile, p99.9", At(raw, 0.999), "ms", null),
        ];

        double At(long[] ticks, double share) => BenchMath.Percentile(ticks, share, time.TimestampFrequency);
    }

    private static async Task<SyncRuntime> DeviceAsync(BenchFolder folder, string name, BenchHub hub, CancellationToken stop)
    {
        var options = SyncOptionsReader.Read(Path.Combine(folder.Path, name));
        var runtime = await SyncRuntime.StartAsync(options, cancellation: stop).ConfigureAwait(false);
        await runtime.Default.PairAsync(hub.Address, await hub.CodeAsync(stop).ConfigureAwait(false), stop).ConfigureAwait(false);
        return runtime;
    }

    /// <summary>The control: what one request costs on this machine while it does all this.</summary>
    private async Task<List<long>> AskAsync(Uri hub, CancellationToken over)
    {
        using var http = new HttpClient { BaseAddress = hub };
        var waits = new List<long>();
        try
        {
            while (true)
            {
                var started = time.GetTimestamp();
                await http.GetByteArrayAsync(HubPaths.Health, over).ConfigureAwait(false);
                waits.Add(time.GetTimestamp() - started);
                await Task.Delay(every, time, over).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return waits;
        }
    }

    private async Task<long[]> MeasureAsync(SyncRuntime writer, SyncRuntime reader, CancellationToken stop)
    {
        var written = new long[changes + WarmUp];
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var seeing = SeeAsync(reader, written, ended.Token);
        try
        {
            var started = time.GetTimestamp();
            for (var number = 0; number < written.Length; number++)
            {
                var rest = (every * number) - time.GetElapsedTime(started);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, time, stop).ConfigureAwait(false);
                }

                Volatile.Write(ref written[number], time.GetTimestamp());
                await writer.EnqueueAsync(Change(number), stop).ConfigureAwait(false);
            }

            return await seeing.WaitAsync(Patience, time, stop).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    // Ids ascend, and one writer's changes come in the order in which it wrote them.
    private async Task<long[]> SeeAsync(SyncRuntime reader, long[] written, CancellationToken stop)
    {
        var waits = new long[written.Length];
        string? last = null;
        for (var number = 0; number < waits.Length; )
        {
            var found = await reader.Default.GetEntitiesAsync(Entity, null, last, Page, stop).ConfigureAwait(false);
            var now = time.GetTimestamp();
            foreach (var entity in found)
            {
                last = entity.EntityId;
                waits[number] =
                    last == Id(number)
                        ? now - Volatile.Read(ref written[number])
                        : throw new InvalidOperationException($"after change {number - 1} came {last}");
                number++;
            }

            if (found.Length == 0)
            {
                await Task.Delay(LookEvery, time, stop).ConfigureAwait(false);
            }
        }

        return waits;
    }

    private static NewOperation Change(int number) =>
        new()
        {
            Entity = Entity,
            EntityId = Id(number),
            Payload = Encoding.UTF8.GetBytes($$"""{"number":{{number}}}"""),
        };

    private static string Id(int number) => number.ToString("d9", CultureInfo.InvariantCulture);
}
