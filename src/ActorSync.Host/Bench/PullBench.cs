using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using ActorSync.Hosting;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;

namespace ActorSync.Host.Bench;

/// <summary>The first sync of a fresh device, by the hub's snapshot, against reading the same bytes and inserting the same rows raw.</summary>
internal sealed class PullBench(TimeProvider time, int rows, int rounds)
{
    private const int FillBatch = 4000;
    private const int GroupRows = 500;
    private const int ReadBytes = 128 << 10;
    private const double Gate = 0.5;
    private const double MostGrowth = 64;
    private const string Result = "synced ";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    public async Task<(BenchRow Row, ImmutableList<BenchFigure> Figures)> RunAsync(IProgress<string> progress, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        using var hub = await BenchHub.StartAsync(Path.Combine(folder.Path, "hub"), stop).ConfigureAwait(false);
        progress.Report($"filling the hub with {rows} rows");
        await FillAsync(Path.Combine(folder.Path, "filler"), hub, stop).ConfigureAwait(false);
        var (ours, raw, growth) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            progress.Report($"first sync of {rows} rows");
            raw.Add(await RawAsync(hub, stop).ConfigureAwait(false));
            var (seconds, mebibytes) = await OursAsync(hub, stop).ConfigureAwait(false);
            ours.Add(rows / seconds);
            growth.Add(mebibytes);
        }

        var ratios = ours.Zip(raw, (mine, control) => mine / control).ToArray();
        var row = new BenchRow(
            "first sync by snapshot",
            BenchMath.Median(ours),
            BenchMath.Median(raw),
            BenchMath.Median(ratios),
            ratios.Min(),
            Gate,
            Note: $"{rows} rows; from the pairing to the cursor at the snapshot's point; raw in groups of {GroupRows}"
        );
        return (row, [new($"growth of resident memory in a first sync of {rows} rows, at its peak", growth.Max(), "MiB", MostGrowth)]);
    }

    /// <summary>In the child: a fresh device pairs and syncs; prints seconds and growth.</summary>
    public static async Task SyncHereAsync(
        string folder,
        string hub,
        string code,
        TimeProvider time,
        TextWriter output,
        CancellationToken stop
    )
    {
        await using var runtime = await SyncRuntime.StartAsync(SyncOptionsReader.Read(folder), cancellation: stop).ConfigureAwait(false);
        var profile = runtime.Default;
        await profile.GetStatusAsync(stop).ConfigureAwait(false);
        var before = Resident();
        var peak = before;
        var started = time.GetTimestamp();
        await profile.PairAsync(new Uri(hub), code, stop).ConfigureAwait(false);
        while ((await profile.GetCountsAsync(stop).ConfigureAwait(false)).Position == 0)
        {
            peak = Math.Max(peak, Resident());
            await Task.Delay(LookEvery, time, stop).ConfigureAwait(false);
        }

        var seconds = time.GetElapsedTime(started).TotalSeconds;
        await output.WriteLineAsync(FormattableString.Invariant($"{Result}{seconds:F3} {peak - before:F1}")).ConfigureAwait(false);
        await output.FlushAsync(stop).ConfigureAwait(false);
    }

    private static double Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64 / (1024.0 * 1024);
    }

    private static async Task<(double Seconds, double Mebibytes)> OursAsync(BenchHub hub, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        var code = await hub.CodeAsync(stop).ConfigureAwait(false);
        using var child = ChildProcess.Start(
            "bench",
            "first-sync",
            "--folder",
            folder.Path,
            "--hub",
            hub.Address.AbsoluteUri,
            "--code",
            code
        );
        var said = (await child.ReadLineAsync(Result, stop).ConfigureAwait(false)).Split(' ');
        return (double.Parse(said[0], CultureInfo.InvariantCulture), double.Parse(said[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Rows a second of reading the bytes, and then, what they say being known, of inserting the rows.</summary>
    private async Task<double> RawAsync(BenchHub hub, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        var options = SyncOptionsReader.Read(folder.Path);
        using var http = new HttpClient { BaseAddress = hub.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            await TokenAsync(hub, options, stop).ConfigureAwait(false)
        );
        var reading = time.GetTimestamp();
        await ReadAsync(http, static _ => { }, stop).ConfigureAwait(false);
        var spent = time.GetElapsedTime(reading);

        using var replica = new RawReplica(Path.Combine(folder.Path, "raw.db"), options.Journal, SyncPlatform.Real(time));
        using var reader = new SnapshotReader();
        await ReadAsync(http, Take, stop).ConfigureAwait(false);
        Feed(default, final: true);
        return rows / spent.TotalSeconds;

        void Take(ReadOnlyMemory<byte> piece) => Feed(piece, final: false);

        void Feed(ReadOnlyMemory<byte> piece, bool final)
        {
            if (reader.Feed(piece.Span, final) is { } fault)
            {
                throw new InvalidOperationException($"the hub's snapshot: {fault}");
            }

            if (reader.Waiting < GroupRows && !final)
            {
                return;
            }

            var taken = reader.Take();
            var inserting = time.GetTimestamp();
            replica.Insert(taken);
            spent += time.GetElapsedTime(inserting);
        }
    }

    private static async Task ReadAsync(HttpClient http, Action<ReadOnlyMemory<byte>> piece, CancellationToken stop)
    {
        using var answer = await http.GetAsync(HubPaths.Snapshot, HttpCompletionOption.ResponseHeadersRead, stop).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        var buffer = new byte[ReadBytes];
        for (int read; (read = await body.ReadAsync(buffer, stop).ConfigureAwait(false)) > 0; )
        {
            piece(buffer.AsMemory(0, read));
        }
    }

    private async Task<string> TokenAsync(BenchHub hub, SyncOptions options, CancellationToken stop)
    {
        var platform = SyncPlatform.Real(time);
        using var http = new HubHttp(options.Http, platform);
        var device = new DeviceId(new OperationIdSource(platform.Time, platform.Chance).Next().ToString());
        var code = await hub.CodeAsync(stop).ConfigureAwait(false);
        var reply = await http.SendAsync(HubCalls.Redeem(hub.Address, code, device, "raw", device.Value), stop).ConfigureAwait(false);
        return HubAnswers.Redeem(reply) is HubResult<TokenGrant>.Value { Content.AccessToken.Secret: var secret }
            ? secret
            : throw new InvalidOperationException("the hub gives no token");
    }

    private async Task FillAsync(string folder, BenchHub hub, CancellationToken stop)
    {
        await using var runtime = await SyncRuntime
            .StartAsync(SyncOptionsReader.Read(folder, "actorsync.drain.max-operations = 1000"), cancellation: stop)
            .ConfigureAwait(false);
        var profile = runtime.Default;
        await profile.PairAsync(hub.Address, await hub.CodeAsync(stop).ConfigureAwait(false), stop).ConfigureAwait(false);
        for (var first = 0; first < rows; first += FillBatch)
        {
            var batch = Enumerable.Range(first, Math.Min(FillBatch, rows - first)).Select(Row).ToArray();
            await profile.EnqueueAsync(batch, stop).ConfigureAwait(false);
        }

        while (await profile.DrainAsync(stop).ConfigureAwait(false) is { Pending: > 0 } report)
        {
            if (report.Stopped is { } why)
            {
                throw new InvalidOperationException($"the hub takes no more, {report.Pending} are pending: {why}");
            }
        }
    }

    // One register each: an operation is a row.
    private static NewOperation Row(int number) =>
        new()
        {
            Entity = "workout",
            EntityId = $"w-{unchecked((uint)number * 2654435761u):x8}",
            Field = "notes",
            Payload = Encoding.UTF8.GetBytes(
                $"\"set {number} of the evening, and how it went: well enough to be written down at some length\""
            ),
            Lane = Lane.Bulk,
        };
}
