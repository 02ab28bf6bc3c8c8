using System.Diagnostics.Metrics;
using ActorSync.Diagnostics;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hosting;

public class MetricsTests
{
    [Fact]
    public void The_newest_snapshot_of_each_profile_is_what_the_gauges_show()
    {
        var (home, work) = (Profile("home"), Profile("work"));
        using var metrics = new SyncMetrics();
        using var seen = new SeenMeasurements(home, work);
        var snapshot = Snapshots.Of("OK", profile: home);
        metrics.Observe(snapshot);
        metrics.Observe(Snapshots.Of("OK", profile: work));
        metrics.Observe(
            snapshot with
            {
                Queue = snapshot.Queue with { Pending = 7, Dead = 2, Parked = 3 },
                Drain = snapshot.Drain with { Batches = 4, Accepted = 90, Duplicate = 5, Rejected = 1 },
            }
        );

        seen.Read();

        seen.Last(home, "actorsync.operations.pending").ShouldBe(7);
        seen.Last(home, "actorsync.operations.dead").ShouldBe(2);
        seen.Last(home, "actorsync.operations.parked").ShouldBe(3);
        seen.Last(home, "actorsync.operations.acked").ShouldBe(90);
        seen.Last(home, "actorsync.operations.duplicates").ShouldBe(5);
        seen.Last(home, "actorsync.operations.rejected").ShouldBe(1);
        seen.Last(home, "actorsync.drain.batches").ShouldBe(4);
        seen.Last(work, "actorsync.operations.pending").ShouldBe(0);
    }

    [Fact]
    public void A_stopped_profile_ends_its_gauges()
    {
        var gone = Profile("gone");
        using var metrics = new SyncMetrics();
        using var seen = new SeenMeasurements(gone);
        metrics.Observe(Snapshots.Of("OK", profile: gone));

        metrics.Forget(gone);
        seen.Read();

        seen.Last(gone, "actorsync.operations.pending").ShouldBeNull();
    }

    [Fact]
    public void Groups_and_pushes_are_counted_where_they_happen()
    {
        var profile = Profile("busy");
        using var metrics = new SyncMetrics();
        using var seen = new SeenMeasurements(profile);

        metrics.GroupCommitted(profile, 64);
        metrics.GroupCommitted(profile, 1);
        metrics.PushEnded(profile, "200", TimeSpan.FromMilliseconds(250));

        seen.Sum(profile, "actorsync.operations.enqueued").ShouldBe(65);
        seen.All(profile, "actorsync.journal.group_size").ShouldBe([64, 1]);
        seen.All(profile, "actorsync.drain.latency").ShouldBe([0.25]);
        seen.Tags(profile, "actorsync.drain.latency").ShouldBe(["profile=" + profile, "outcome=200"]);
    }

    [Fact]
    public void Nothing_is_allocated_while_nobody_listens()
    {
        using var metrics = new SyncMetrics();
        metrics.GroupCommitted("quiet", 1);
        metrics.PushEnded("quiet", "200", TimeSpan.Zero);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            metrics.GroupCommitted("quiet", 1);
            metrics.PushEnded("quiet", "200", TimeSpan.Zero);
        }

        // Another test's listener may be there for a moment; the instruments themselves cost nothing.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    [Fact]
    public async Task An_actor_system_has_one_set_of_instruments_and_takes_it_along()
    {
        var profile = Profile("ended");
        var system = ActorSystem.Create("metrics", "akka.loglevel = OFF, akka.stdout-loglevel = OFF");
        SyncMetrics.Of(system).ShouldBeSameAs(SyncMetrics.Of(system));
        SyncMetrics.Of(system).Observe(Snapshots.Of("OK", profile: profile));

        await system.Terminate();
        using var seen = new SeenMeasurements(profile);
        seen.Read();

        seen.Last(profile, "actorsync.operations.pending").ShouldBeNull();
    }

    // Meters are seen by the whole process, so each test has profiles of its own.
    private static string Profile(string name) => $"{name}-{Guid.NewGuid():N}";
}

/// <summary>What a listener of the meter is told about the profiles of one test.</summary>
internal sealed class SeenMeasurements : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<(string Instrument, double Value, string[] Tags)> _seen = [];
    private readonly MeterListener _listener = new();
    private readonly string[] _profiles;

    public SeenMeasurements(params string[] profiles)
    {
        _profiles = profiles;
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == SyncMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public void Read() => _listener.RecordObservableInstruments();

    public double? Last(string profile, string instrument) => All(profile, instrument) is [.., var last] ? last : null;

    public double Sum(string profile, string instrument) => All(profile, instrument).Sum();

    public double[] All(string profile, string instrument)
    {
        lock (_gate)
        {
            return [.. _seen.Where(s => s.Instrument == instrument && s.Tags.Contains("profile=" + profile)).Select(s => s.Value)];
        }
    }

    public string[] Tags(string profile, string instrument)
    {
        lock (_gate)
        {
            return _seen.First(s => s.Instrument == instrument && s.Tags.Contains("profile=" + profile)).Tags;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string[] all = [.. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")];
        if (Array.Exists(_profiles, profile => all.Contains("profile=" + profile)))
        {
            lock (_gate)
            {
                _seen.Add((instrument.Name, value, all));
            }
        }
    }
}
