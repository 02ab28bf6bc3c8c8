using ActorSync.Auth;
using Akka.Actor;
using static ActorSync.Sync.SyncProtocol;

namespace ActorSync.Sync;

/// <summary>From one state to another: what is said of it, ordered and asked.</summary>
internal sealed partial class SyncActor
{
    /// <summary>Takes a new state: says it, orders by it, acts on it. The only way from one to another.</summary>
    private void Apply(SyncState next, bool fresh = false)
    {
        var (before, wasHeld) = (_state, IsHeld);
        next = _setup.Pull is not null && next.IsElsewhere(before) ? next with { Hold = SyncState.FirstPull } : next;
        _state = next;
        if (!next.Ready)
        {
            return;
        }

        if (!_lanes.Started)
        {
            Begin();
            return;
        }

        Announce(before, next);
        if (
            before.Gate != next.Gate
            || before.PushGate != next.PushGate
            || before.Generation != next.Generation
            || before.Settings != next.Settings
            || before.PlainHub != next.PlainHub
        )
        {
            var opened = next.Gate is Gate.Open && (before.Gate != next.Gate || before.Settings != next.Settings);
            Order(next, fresh || opened);
        }

        if (wasHeld && !IsHeld && _tickets.All() is { } run)
        {
            _lanes.Tell(run);
        }

        if (next.Episode is Episode.Confirming confirming && before.Episode is not Episode.Confirming)
        {
            Context.Parent.Tell(new AuthProtocol.CredentialRefused(confirming.Generation, confirming.Code, Self));
        }

        _heartbeat.GateIs(next.Gate is Gate.Open, next.IsElsewhere(before), Now);
        Report();
        ScheduleProbe();
    }

    private void Order(SyncState state, bool fresh) =>
        _lanes.Order((lane, version) => state.OrdersFor(lane, version, fresh), version => state.PullOrdersFor(version, fresh));

    private void Begin()
    {
        Become(Working);
        _lanes.Start();
        _heartbeat.GateIs(_state.Gate is Gate.Open, fresh: true, Now);
        Report();
        ScheduleProbe();
        _desk.Next();
        if (!IsHeld && _tickets.All() is { } run)
        {
            _lanes.Tell(run);
        }
    }

    private void Announce(SyncState before, SyncState next)
    {
        var (was, pause) = (before.Pause(default), next.Pause(default));
        if (pause is not null && pause.Code != was?.Code && before.Episode is not Episode.Trial)
        {
            _log.Warning("Sync is paused ({Code}): {Reason}", pause.Code, pause.Text);
        }
        else if (before.Gate != next.Gate && next.Gate is Gate.Open && next.Episode is Episode.None)
        {
            _log.Info("Sync is running, hub {Hub}", next.Hub!);
        }
        else if (next.Gate is Gate.Closed closed && (before.Gate as Gate.Closed)?.Reason != closed.Reason && pause is null)
        {
            _log.Info("Sync does not send ({Reason}): {Text}", closed.Reason, closed.Text);
        }
    }

    private void Report()
    {
        Context.Parent.Tell(
            new SyncReport(
                _state.Settings?.Mode ?? SyncMode.Local,
                _state.Hub,
                _state.Gate,
                _state.Pause(Now.Wall),
                _state.Generation,
                _state.Binding,
                _heartbeat.HubAt,
                _heartbeat.Error,
                _heartbeat.OpenSince
            )
            {
                OnTrial = _state.Episode is Episode.Trial,
            }
        );
    }
}
