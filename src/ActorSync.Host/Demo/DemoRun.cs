using ActorSync.Host.Commands;
using ActorSync.Host.Control;
using ActorSync.Host.Import;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;
using ActorSync.Journal;
using ActorSync.Wire;

namespace ActorSync.Host.Demo;

/// <param name="Took">From the start of the import until nothing was pending.</param>
internal sealed record DemoOutcome(
    ImportResult Import,
    long Enqueued,
    TimeSpan ImportTook,
    long Drained,
    TimeSpan Took,
    long Dead,
    HubContents Hub,
    string LocalDigest
);

/// <summary>The main job: operations go into the journal while it drains, then both sides are compared.</summary>
internal sealed class DemoRun(HostIo io, SyncProfile profile, IHubPort port, EmbeddedHub hub)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ImportProgress _import = new();
    private readonly Rate _importRate = new(io.Time);
    private readonly Rate _drainRate = new(io.Time);
    private JournalCounts? _first;
    private JournalCounts? _last;
    private HubReader? _reader;
    private string? _waits;

    /// <returns>Null when it was interrupted between two batches.</returns>
    public async Task<DemoOutcome?> RunAsync(ImportSource source, CancellationToken stop)
    {
        var work = WorkAsync(source, stop);
        return await Gauges.ShowAsync(io, work, Read);
    }

    private async Task<DemoOutcome?> WorkAsync(ImportSource source, CancellationToken stop)
    {
        var started = io.Time.GetTimestamp();
        _first = _last = await profile.GetCountsAsync(stop);
        await using var door = new RuntimeDoor(profile, owned: null, drains: true);
        var device = (await profile.GetStatusAsync(stop)).DeviceId;
        var import = new Importer(door, io.Time, source, skipBad: false, _import) { Device = device }.RunAsync(stop);
        await WatchAsync(import, stop);
        var imported = await import;
        if (imported.Interrupted)
        {
            return null;
        }

        var importTook = io.Time.GetElapsedTime(started);
        await WatchAsync(until: null, stop);
        var took = io.Time.GetElapsedTime(started);
        _reader = new HubReader(port, hub.Address, await hub.ReaderTokenAsync());
        var contents = await _reader.ReadAllAsync(stop);
        var local = await profile.GetDigestAsync(stop);
        return new DemoOutcome(
            imported,
            imported.Stored + imported.Duplicates + imported.Skipped,
            importTook,
            _last!.AckedEver - _first.AckedEver,
            took,
            _last.Dead + _last.Parked,
            contents,
            local.Digest
        );
    }

    // Looks at the queue until the task is over, or, without one, until nothing is pending.
    private async Task WatchAsync(Task? until, CancellationToken stop)
    {
        var (moved, acked) = (io.Time.GetTimestamp(), -1L);
        while (true)
        {
            _last = await profile.GetCountsAsync(stop);
            if (until?.IsCompleted ?? _last.Pending == 0)
            {
                return;
            }

            var done = _last.AckedEver + _last.Dead + _last.Parked;
            if (done != acked)
            {
                (moved, acked, _waits) = (io.Time.GetTimestamp(), done, null);
            }
            else if (until is null && io.Time.GetElapsedTime(moved) > TimeSpan.FromSeconds(2))
            {
                await ExplainWaitAsync(io.Time.GetElapsedTime(moved), stop);
            }

            if (until is null)
            {
                await Task.Delay(LookEvery, io.Time, stop);
            }
            else
            {
                await Task.WhenAny(until, Task.Delay(LookEvery, io.Time, CancellationToken.None));
            }
        }
    }

    private async Task ExplainWaitAsync(TimeSpan waited, CancellationToken stop)
    {
        var health = (await profile.GetStatusAsync(stop)).Health;
        _waits = health.State == "OK" ? null : $"{health.State}: {health.Reason}";
        if (waited > Patience)
        {
            throw new SyncException(
                health.State is "PAUSED" or "OFF" ? "paused" : "stuck",
                $"nothing has moved for {waited.TotalSeconds:0} s ({health.State}: {health.Reason})",
                "see the log in the data folder; started again, the demo goes on where it is"
            );
        }
    }

    private System.Collections.Immutable.ImmutableArray<Gauge> Read()
    {
        if (_first is not { } first || _last is not { } last)
        {
            return [];
        }

        var acked = last.AckedEver - first.AckedEver;
        var total = acked + last.Pending;
        var note = _waits ?? $"{Plain.Count(last.AckedEver)} ops, {Plain.Count((long)_drainRate.Sample(last.AckedEver))}/s";
        var into = ImportCommand.Gauge(_import, _importRate);
        var at = new Gauge("at the hub", total == 0 ? null : (double)acked / total * (into.Share ?? 1), note);
        return _reader is { } reader
            ? [into, at, new Gauge("read back", (double)reader.Read / Math.Max(1, last.AckedEver), $"{Plain.Count(reader.Read)} ops")]
            : [into, at];
    }
}
