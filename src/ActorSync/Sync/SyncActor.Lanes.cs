using System.Collections.Immutable;
using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Network;
using ActorSync.Pull;
using ActorSync.Restart;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Sync.SyncProtocol;

namespace ActorSync.Sync;

/// <summary>What the lanes say, and what they are told.</summary>
internal sealed partial class SyncActor
{
    private LaneKeepers MakeLanes(IActorContext context)
    {
        return new LaneKeepers(
            lane =>
                Keep(
                    LaneKeepers.NameOf(lane),
                    _setup.LanePolicy,
                    () => _setup.Drain(DrainSetupOf(lane, context.Parent), _state.OrdersFor(lane, _lanes.Version, fresh: true))
                ),
            _setup.Pull is { } pull
                ? Keep(
                    LaneKeepers.PullName,
                    _setup.PullPolicy,
                    () => pull(PullSetupOf(context.Parent), _state.PullOrdersFor(_lanes.Version, fresh: true))
                )
                : null
        );

        ChildKeeper Keep(string name, ImmutableArray<PolicyRow> policy, Func<Props> props) =>
            new(context, Timers, _setup.Platform, _log, policy, name, props);
    }

    private void Drain(DrainNow drain)
    {
        var ticket = _tickets.Open(drain.ReplyTo, drain.Force);
        if (IsHeld && _lanes.Pull?.Ref is { } puller)
        {
            // Answered when the hold is over.
            puller.Tell(new PullProtocol.PullNow(drain.Force));
            return;
        }

        Run(new RunPass(ticket, drain.Force));
        if (drain.Force && _state.Episode is Episode.Paused)
        {
            StartProbe();
        }
    }

    /// <summary>Each lane looks, and for one that is down it is said why it does not: whoever asked is answered.</summary>
    private void Run(RunPass run)
    {
        foreach (var lane in new[] { Lane.Priority, Lane.Bulk })
        {
            if (_lanes[lane].Ref is { } actor && !_lanes.Resting)
            {
                actor.Tell(run);
            }
            else if (_lanes.Resting && _state.Gate is Gate.Closed closed)
            {
                PassEnded(new PassOver(lane, run.Ticket, new PassEnd.Skipped(closed), new PassTally(), -1, closed.NextTry));
            }
            else
            {
                PassEnded(Crashed(lane, run.Ticket));
            }
        }
    }

    private void PassEnded(PassOver over)
    {
        if (_tickets.Over(over) is { } again)
        {
            Run(again);
        }
    }

    private void LaneSaid(LaneReport report)
    {
        Context.Parent.Tell(report);
        if (report.HubAt is { } at && _heartbeat.HubAnswered(at) && _state.Proven() is var proven && !ReferenceEquals(proven, _state))
        {
            Apply(proven);
        }
    }

    private void LaneGone(Lane lane, ChildEnd? end)
    {
        Turn(_turns.Gone(lane));
        Context.Parent.Tell(new LaneKept(lane, _lanes[lane].View));
        PassEnded(
            end is null && _state.Gate is Gate.Closed closed
                ? new PassOver(lane, long.MaxValue, new PassEnd.Skipped(closed), new PassTally(), -1, closed.NextTry)
                : Crashed(lane, long.MaxValue)
        );
    }

    private PassOver Crashed(Lane lane, long ticket) =>
        new(
            lane,
            ticket,
            new PassEnd.Failed(LaneErrors.Crashed(_lanes[lane].View.LastError ?? "it is being started"), Offline: false, null),
            new PassTally(),
            0,
            _lanes[lane].View.NextTry?.Wall
        );

    private void Turn(TurnState next)
    {
        var before = _turns;
        _turns = next;
        if (next.Holder is { } holder && (before.Holder, before.HolderNumber) != (next.Holder, next.HolderNumber))
        {
            _lanes[holder].Ref?.Tell(new TurnGiven(next.HolderNumber, next.HighestSent));
        }
        else if (next.PullHolds is { } number && before.PullHolds != number)
        {
            _lanes.Pull?.Ref?.Tell(new PullProtocol.TurnGiven(number));
        }
    }

    /// <summary>Whoever waits because of the network tries at once; what a hub asked us to wait for is not shortened.</summary>
    private void NetworkIsBack(NetworkProtocol.NetworkBack back)
    {
        _lanes.TellAll(back);
        if (_state.Episode is Episode.Waiting)
        {
            Apply(_state.AskAgain());
        }
        else if (_heartbeat.NetworkIsBack())
        {
            ScheduleProbe();
        }
    }

    private DrainSetup DrainSetupOf(Lane lane, IActorRef profile) =>
        new(lane, _setup.Options.Drain, _setup.Platform, _setup.Journal, _setup.Hub, profile);
}
