using Akka.Actor;

namespace ActorSync.Hangar;

/// <summary>Those who asked for a push, each answered once.</summary>
internal sealed class HangarAskers
{
    private List<IActorRef> _now = [];
    private List<IActorRef> _later = [];
    private HangarOutcome? _before;

    public bool Any => _now.Count > 0;

    /// <param name="working">A snapshot is being taken or pushed: it may be older than what is asked for.</param>
    public void Add(IActorRef asker, bool working) => (working ? _later : _now).Add(asker);

    /// <summary>The run is over; who came during it waits for the next one.</summary>
    public void Answer(HangarOutcome outcome)
    {
        // Who came during a run that pushed, and whose own run found nothing newer, has been served by the first.
        var told = outcome.Reason == HangarSkip.Unchanged && _before is { Outcome: HangarOutcome.Pushed } pushed ? pushed : outcome;
        Tell(_now, told);
        _before = _later.Count > 0 ? outcome : null;
        (_now, _later) = (_later, []);
    }

    public void AnswerAll(HangarOutcome outcome)
    {
        Tell(_now, outcome);
        Tell(_later, outcome);
        (_now, _later, _before) = ([], [], null);
    }

    private static void Tell(List<IActorRef> askers, HangarOutcome outcome) =>
        askers.ForEach(asker => asker.Tell(outcome, ActorRefs.NoSender));
}
