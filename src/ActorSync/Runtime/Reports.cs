using ActorSync.Drain;
using ActorSync.Status;
using ActorSync.Sync;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>What the parts of a profile said last of themselves, for a status actor that starts with nothing.</summary>
internal sealed class Reports
{
    // Sorted: what a keeper says of a lane comes before what the lane says itself.
    private readonly SortedDictionary<string, object> _last = new(StringComparer.Ordinal);

    public void Tell(IActorRef? status, object report)
    {
        _last[KeyOf(report)] = report;
        status?.Tell(report);
    }

    public void TellAgain(IActorRef? status)
    {
        foreach (var report in _last.Values)
        {
            status?.Tell(report);
        }

        status?.Tell(StatusProtocol.ToldAll.Instance);
    }

    private static string KeyOf(object report) =>
        report switch
        {
            DrainProtocol.LaneReport lane => $"{nameof(DrainProtocol.LaneReport)} {lane.Lane}",
            SyncProtocol.LaneKept kept => $"{nameof(SyncProtocol.LaneKept)} {kept.Lane}",
            _ => report.GetType().Name,
        };
}
