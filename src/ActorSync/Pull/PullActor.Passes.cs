using ActorSync.Drain;
using ActorSync.Network;
using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Pull.PullProtocol;

namespace ActorSync.Pull;

/// <summary>When a pass begins, what its end means, and what is said of it.</summary>
internal sealed partial class PullActor
{
    /// <summary>How long a network that has just come back may fail without a line in the log.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private void NetworkIsBack(NetworkProtocol.NetworkBack back)
    {
        _log.QuietUntil(Now.Steady + Settling);
        _wake?.NetworkIsBack();
        if (_pass is null)
        {
            _state = _state.NetworkIsBack();
            Start();
        }
        else if (back.Woke)
        {
            _pass.Replay();
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
        _pass = new PullPass(_setup, Self, Context.Parent, _orders, ++_passes, _memory, _state.Reconciling, _announced);
        _announced = null;
        Timers.StartPeriodicTimer(CredentialTimer, CredentialIsLate.Instance, CredentialPatience, CredentialPatience);
        Become(Pulling);
        _pass.Start();
        Report();
        return true;
    }

    private void Follow()
    {
        if (_pass is not { } pass)
        {
            return;
        }

        if (pass.TakeTook())
        {
            _log.Went();
            _state = _state.Took();
            var now = Now;
            _report = _report with { HubAt = now, TriedAt = now };
            Report();
        }
        else if (pass.Merging != _report.Merging)
        {
            Report();
        }

        if (pass.End is { } end)
        {
            Ended(end, pass);
        }
    }

    private void Ended(PassEnd end, PullPass pass)
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
        }

        _report = _report with
        {
            LookedAt = end is PassEnd.Drained ? now : _report.LookedAt,
            TriedAt = pass.Totals.Pages > 0 || end is PassEnd.Failed ? now : _report.TriedAt,
        };
        Become(Resting);
        Report(pass);
        Context.Parent.Tell(new PassOver(_orders.Version, end, pass.IsMerged));
        if (_state.Reconciling && end is not PassEnd.Superseded && (pass.Equal is not null || end is not PassEnd.Drained))
        {
            AnswerReconcilers(pass, WhyStopped(end));
        }

        Start();
    }

    // Nobody waits for a pass that does not begin.
    private void SayWhyNot()
    {
        if (_pass is null && _state.Reconciling && _state.Obstacle(_orders.Gate, Now) is { } closed)
        {
            AnswerReconcilers(null, closed.Reason.ToString());
        }
    }

    private void AnswerReconcilers(PullPass? pass, string? stopped)
    {
        var report = new ReconcileReport(pass?.Equal ?? false, pass?.Totals.Relayed ?? 0, pass?.Totals.Snapshots > 0, stopped);
        _reconcilers.ForEach(asker => asker.Tell(report, ActorRefs.NoSender));
        _reconcilers.Clear();
        _state = _state with { Reconciling = false };
    }

    private static string? WhyStopped(PassEnd end) =>
        end switch
        {
            PassEnd.Drained => null,
            PassEnd.Skipped skipped => skipped.Gate.Reason.ToString(),
            PassEnd.Doubted => nameof(GateReason.Paused),
            PassEnd.JournalGone gone => LaneErrors.Journal(gone.Reason).Message,
            PassEnd.Failed { Offline: true } failed => $"{nameof(GateReason.Offline)}: {failed.Error.Message}",
            PassEnd.Failed failed => failed.Error.Message,
            _ => end.GetType().Name,
        };

    private void Report(PullPass? ended = null)
    {
        var pass = ended ?? _pass;
        _report = _report with
        {
            Passing = _pass is not null,
            Skipped = _pass is null ? _state.Obstacle(_orders.Gate, Now) : null,
            Error = _state.Trouble?.Error,
            NextTry = _state.RetryAt,
            Interval = _orders.Interval,
            Merging = _pass is { Merging: true },
            Totals = pass is null ? _report.Totals : _before.Plus(pass.Totals),
        };
        Context.Parent.Tell(_report);
    }
}
