using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ActorSync.Status;
using Akka.Actor;

namespace ActorSync.Diagnostics;

/// <summary>The meter <c>ActorSync</c>: what happens is counted by its actor, what stands is read from the newest snapshot of each profile.</summary>
/// <remarks>One an actor system. Safe from any thread; an instrument that nobody listens to costs a null check.</remarks>
internal sealed class SyncMetrics : IExtension, IDisposable
{
    public const string MeterName = "ActorSync";

    private readonly ConcurrentDictionary<string, StatusSnapshot> _latest = new(StringComparer.Ordinal);
    private readonly Meter _meter = new(MeterName, typeof(SyncMetrics).Assembly.GetName().Version?.ToString(3));
    private readonly Counter<long> _enqueued;
    private readonly Histogram<int> _groups;
    private readonly Histogram<double> _pushes;

    public SyncMetrics()
    {
        _enqueued = _meter.CreateCounter<long>("actorsync.operations.enqueued", "{operation}", "Operations that are on disk.");
        _groups = _meter.CreateHistogram<int>("actorsync.journal.group_size", "{operation}", "Operations that shared one transaction.");
        _pushes = _meter.CreateHistogram<double>("actorsync.drain.latency", "s", "From sending a batch to the hub's answer.");

        Total("actorsync.operations.acked", "{operation}", "Operations that the hub has taken.", s => s.Drain.Accepted);
        Total("actorsync.operations.duplicates", "{operation}", "Operations that the hub had already.", s => s.Drain.Duplicate);
        Total("actorsync.operations.rejected", "{operation}", "Operations that the hub refused for good.", s => s.Drain.Rejected);
        Total("actorsync.drain.batches", "{batch}", "Batches that the hub has answered.", s => s.Drain.Batches);
        Level("actorsync.operations.pending", "{operation}", "Operations that wait to be sent.", s => s.Queue.Pending);
        Level("actorsync.operations.dead", "{operation}", "Dead letters.", s => s.Queue.Dead);
        Level("actorsync.operations.parked", "{operation}", "Operations that wait behind a dead letter.", s => s.Queue.Parked);
    }

    public static SyncMetrics Of(ActorSystem system) => system.WithExtension<SyncMetrics, Provider>();

    /// <summary>Each snapshot takes the place of the profile's one before.</summary>
    public void Observe(StatusSnapshot snapshot) => _latest[snapshot.Profile] = snapshot;

    /// <summary>The profile has stopped: its gauges end, they do not stay at their last value.</summary>
    public void Forget(string profile) => _latest.TryRemove(profile, out _);

    /// <summary>One transaction of enqueues is on disk.</summary>
    public void GroupCommitted(string profile, int operations)
    {
        _enqueued.Add(operations, ProfileTag(profile));
        _groups.Record(operations, ProfileTag(profile));
    }

    /// <summary>The hub has answered a push, or nobody did.</summary>
    /// <param name="outcome">The status, or the failure's code.</param>
    public void PushEnded(string profile, string outcome, TimeSpan took)
    {
        if (_pushes.Enabled)
        {
            _pushes.Record(took.TotalSeconds, ProfileTag(profile), new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> ProfileTag(string profile) => new("profile", profile);

    private void Total(string name, string unit, string description, Func<StatusSnapshot, long> value) =>
        _meter.CreateObservableCounter(name, () => Measure(value), unit, description);

    private void Level(string name, string unit, string description, Func<StatusSnapshot, long> value) =>
        _meter.CreateObservableGauge(name, () => Measure(value), unit, description);

    private IEnumerable<Measurement<long>> Measure(Func<StatusSnapshot, long> value) =>
        _latest.Values.Select(snapshot => new Measurement<long>(value(snapshot), ProfileTag(snapshot.Profile)));

    private sealed class Provider : ExtensionIdProvider<SyncMetrics>
    {
        public override SyncMetrics CreateExtension(ExtendedActorSystem system)
        {
            var metrics = new SyncMetrics();
            system.RegisterOnTermination(metrics.Dispose);
            return metrics;
        }
    }
}
