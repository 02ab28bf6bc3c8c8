using ActorSync.Journal;
using ActorSync.Network;
using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Drain;

/// <summary>When a pass begins, what its end means, and what is said of it.</summary>
internal sealed partial class DrainActor
{
    /// <summary>How long a network that has just come back may fail without a line in the log.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private void NetworkIsBack(NetworkProtocol.NetworkBack back)
    {
        _log.QuietUntil(Now.Steady + Settling);
        if (_pass is not null)
        {
            if (back.Woke)
            {
                _pass.Replay();
            }

            return;
        }

        _state = _state.NetworkIsBack();
        Start();
    }

    private void StartOrSay()
    {
        if (!Start())
        {
            var obstacle = _state.Obstacle(_orders.Gate, Now) ?? new Gate.Closed(GateReason.Backoff, "the lane is waiting");
            Context.Parent.Tell(
                new PassOver(_setup.Lane, _ticket, new PassEnd.Skipped(obstacle), new PassTally(), _report.Pending, _state.RetryAt?.Wall)
            );
            Report();
        }
    }

    private bool Start()
    {
        if (_pass is not null || !_state.MayStart(_orders.Gate, Now))
        {
            return false;
        }

        Timers.Cancel(RetryTimer);
        _state = _state.Started();
        _before = _report.Totals;
        if (_orders.Notify)
        {
            _setup.Journal.Tell(new JournalProtocol.Subscribe(Self));
        }

        _pass = new LanePass(_setup, Self, Context.Parent, _orders, _press, _limits);
        Timers.StartPeriodicTimer(CredentialTimer, CredentialIsLate.Instance, CredentialPatience, CredentialPatience);
        Become(Passing);
        _pass.Start();
        Report();
        return true;
    }

    private void Follow()
    {
        var pass = _pass!;
        if (pass.TakeTook())
        {
            _log.Went();
            _state = _state.Took();
            var now = Now;
            _report = _report with { HubAt = now, TriedAt = now };
            Report();
        }
        else if (!ReferenceEquals(pass.InFlight, _report.InFlight))
        {
            Report();
        }

        if (pass.End is { } end)
        {
            Ended(end, pass);
        }
    }

    private void Ended(PassEnd end, LanePass pass)
    {
        _pass = null;
        Timers.Cancel(CredentialTimer);
        var now = Now;
        _state = _state.Ended(end, now, _setup.Platform.Chance.NextDouble());
        if (_state.RetryAt is { } retry)
        {
            var wait = retry.Steady - now.Steady;
            Timers.StartSingleTimer(RetryTimer, Retry.Instance, wait);
            _log.Failed(_state.Trouble!.Error, wait, now.Steady);
        }

        if (end is PassEnd.Drained)
        {
            _log.Went();
            _limits.Relax();
        }

        _report = _report with
        {
            LookedAt = end is PassEnd.Drained ? now : _report.LookedAt,
            TriedAt = pass.Tally.Batches > 0 ? now : _report.TriedAt,
            Pending = pass.Pending,
        };
        Become(Resting);
        Report(pass);
        if (end is not PassEnd.Superseded)
        {
            Context.Parent.Tell(new PassOver(_setup.Lane, _ticket, end, pass.Tally, pass.Pending, _state.RetryAt?.Wall));
        }

        Start();
    }

    private void Report(LanePass? ended = null)
    {
        var pass = ended ?? _pass;
        _report = _report with
        {
            Passing = _pass is not null,
            Skipped = _pass is null ? _state.Obstacle(_orders.Gate, Now) : null,
            Error = _state.Trouble?.Error,
            NextTry = _state.RetryAt,
            Interval = _orders.Interval,
            Pending = pass?.Pending ?? _report.Pending,
            InFlight = _pass?.InFlight,
            Totals = pass is null ? _report.Totals : _before.With(pass.Tally),
        };
        Context.Parent.Tell(_report);
    }
}
