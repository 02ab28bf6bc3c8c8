using System.Collections.Immutable;
using System.IO.Compression;
using System.Net.Http.Headers;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Host.Bench;

/// <summary>The device's side of a drain against a raw loop: read the same rows, post the same bytes, delete them.</summary>
internal sealed class DrainBench(TimeProvider time, int operations, int rounds)
{
    private const int BatchOperations = 1000;

    public async Task<ImmutableList<BenchRow>> RunAsync(IProgress<string> progress, CancellationToken stop)
    {
        using var child = ChildProcess.Start("bench", "sink");
        var hub = new Uri(await child.ReadLineAsync(SinkHub.Ready, stop).ConfigureAwait(false));
        var rows = ImmutableList<BenchRow>.Empty;
        foreach (var gzip in new[] { false, true })
        {
            var name = gzip ? "drain, gzip" : "drain";
            progress.Report(name);
            var (ours, raw) = (new List<double>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                raw.Add(await RawAsync(hub, gzip, stop).ConfigureAwait(false));
                ours.Add(await OursAsync(hub, gzip, stop).ConfigureAwait(false));
            }

            var ratios = ours.Zip(raw, (mine, control) => mine / control).ToArray();
            rows = rows.Add(
                new BenchRow(
                    name,
                    BenchMath.Median(ours),
                    BenchMath.Median(raw),
                    BenchMath.Median(ratios),
                    ratios.Min(),
                    gzip ? 0.5 : 0.6,
                    Note: $"{operations} operations, {BatchOperations} a request, hub process parses and answers"
                )
            );
        }

        return rows;
    }

    private async Task<double> OursAsync(Uri hub, bool gzip, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        var overlay = $"actorsync.drain {{ gzip = {(gzip ? "on" : "off")}, max-operations = {BatchOperations} }}";
        var options = SyncOptionsReader.Read(folder.Path, overlay);
        await using var runtime = await SyncRuntime.StartAsync(options, cancellation: stop).ConfigureAwait(false);
        var profile = runtime.Default;
        await profile.PatchSettingsAsync(Mode("local"), stop).ConfigureAwait(false);
        await BenchToken.UseAsync(profile, hub, stop).ConfigureAwait(false);
        for (var number = 0; number < operations; number += BatchOperations)
        {
            await profile.EnqueueAsync(Operations(number), stop).ConfigureAwait(false);
        }

        var started = time.GetTimestamp();
        await profile.PatchSettingsAsync(Mode("hybrid"), stop).ConfigureAwait(false);
        var report = await profile.DrainAsync(stop).ConfigureAwait(false);
        while (report.Pending > 0 && report.Stopped is null)
        {
            report = await profile.DrainAsync(stop).ConfigureAwait(false);
        }

        return report.Pending == 0
            ? operations / time.GetElapsedTime(started).TotalSeconds
            : throw new InvalidOperationException($"the drain stopped with {report.Pending} pending: {report.Stopped}");
    }

    private async Task<double> RawAsync(Uri hub, bool gzip, CancellationToken stop)
    {
        using var folder = new BenchFolder();
        var options = SyncOptionsReader.Read(folder.Path);
        using var journal = new RawJournal(Path.Combine(folder.Path, "raw.db"), options.Journal, SyncPlatform.Real(time));
        for (var number = 0; number < operations; number += BatchOperations)
        {
            journal.InsertGroup(BatchOperations, number);
        }

        using var http = new HttpClient();
        var loop = new RawDrain(journal.Db, http, new Uri(hub, "/api/v1/sync/ops"), gzip);
        var started = time.GetTimestamp();
        while (await loop.NextAsync(BatchOperations, stop).ConfigureAwait(false)) { }

        return operations / time.GetElapsedTime(started).TotalSeconds;
    }

    private static ImmutableSortedDictionary<string, string?> Mode(string mode) =>
        ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add("mode", mode);

    private static NewOperation[] Operations(int first) =>
        [.. Enumerable.Range(first, BatchOperations).Select(number => BenchData.Operation(number))];
}

/// <summary>One thread, one request at a time, no bookkeeping: select, post, delete.</summary>
internal sealed class RawDrain(Journal.Sqlite.SqliteDb db, HttpClient http, Uri address, bool gzip)
{
    private readonly Journal.Sqlite.Statement _select = db.Prepare(
        $"SELECT {BatchBody.Columns} FROM op_journal WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    );
    private readonly Journal.Sqlite.Statement _delete = db.Prepare("DELETE FROM op_journal WHERE seq >= ?1 AND seq <= ?2");
    private readonly System.Buffers.ArrayBufferWriter<byte> _buffer = new(1 << 20);
    private long _position;

    public async Task<bool> NextAsync(int rows, CancellationToken stop)
    {
        if (Read(rows) is not { } batch)
        {
            return false;
        }

        using var content = new ReadOnlyMemoryContent(gzip ? Compress(batch.Body) : batch.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        using var answer = await http.PostAsync(address, content, stop).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(stop).ConfigureAwait(false);
        db.InTransaction(() => _delete.Bind(1, batch.Rows[0].Seq).Bind(2, batch.Rows[^1].Seq).Run());
        return true;
    }

    private PushBatch? Read(int rows)
    {
        _buffer.ResetWrittenCount();
        var clock = new ClockRow { Lamport = 1 };
        using var body = new BatchBody(Lane.Bulk, new DeviceId("bench"), clock, _buffer);
        _select.Bind(1, _position).Bind(2, rows);
        while (_select.Step())
        {
            _position = _select.Long(0);
            body.Append(_select, default);
        }

        _select.Reset();
        return body.Finish((0, _position), long.MaxValue, 0);
    }

    private static ReadOnlyMemory<byte> Compress(ReadOnlyMemory<byte> body)
    {
        using var packed = new MemoryStream(body.Length / 2);
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(body.Span);
        }

        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }
}
