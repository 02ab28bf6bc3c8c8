using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Sync;

/// <summary>A credential that the hub doubts, a sign-out, and the questions that an idle or paused profile asks the hub.</summary>
internal sealed partial class SyncActor
{
    private void Refused(CredentialGeneration generation, int status, string code, string said)
    {
        var next = _state.Refused(generation, status, code, said, Now, Chance);
        if (ReferenceEquals(next, _state) && _state.Gate is Gate.Open)
        {
            // It spoke of a credential that has been replaced: go on with the new one.
            Order(_state, fresh: true);
            return;
        }

        Apply(next);
    }

    // While a story is open the question is, too; a probe on its way answers this one as well.
    private void Doubted(SyncProtocol.CredentialDoubted doubted)
    {
        if (doubted.Generation == _state.Generation && _state is { Gate: Gate.Open, Episode: Episode.None } && !_probe.IsAsking)
        {
            _log.Info(
                "The hub doubts credential {Generation} ({Code}) beside the lanes; it is asked who we are",
                doubted.Generation,
                doubted.Code
            );
            StartProbe();
        }
    }

    private void SignOut(AuthProtocol.SignOut signOut)
    {
        if (_leaving is not null)
        {
            signOut.ReplyTo.Tell(new AuthProtocol.SignOutRefused("busy", "a sign-out is under way", "wait for it"), ActorRefs.NoSender);
            return;
        }

        _leaving = signOut.ReplyTo;
        Apply(_state with { SigningOut = true });
        var (self, profile) = (Self, Context.Parent);
        _lanes.WhenTaken(() => profile.Tell(new AuthProtocol.SignOut(self)));
    }

    private void SignedOut(object outcome)
    {
        _leaving?.Tell(outcome, ActorRefs.NoSender);
        _leaving = null;
        Apply(_state with { SigningOut = false });
    }

    private void ScheduleProbe()
    {
        var now = Now;
        var at = _state.Episode switch
        {
            Episode.Paused paused when _state.Gate is Gate.Closed { Reason: GateReason.Paused } => paused.RetryAt,
            Episode.Waiting waiting => waiting.RetryAt,
            _ => _state.Gate is Gate.Open ? _heartbeat.Next(_state.Settings!.Preset, now) : (Moment?)null,
        };
        if (at is { } due)
        {
            var wait = due.Steady - now.Steady;
            Timers.StartSingleTimer(ProbeTimer, ProbeNow.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
        else
        {
            Timers.Cancel(ProbeTimer);
        }
    }

    private void Probe()
    {
        if (_state.Episode is Episode.Waiting)
        {
            Apply(_state.AskAgain());
        }
        else if (_state.Gate is Gate.Open && _heartbeat.Next(_state.Settings!.Preset, Now).Steady > Now.Steady)
        {
            // A push was taken meanwhile.
            ScheduleProbe();
        }
        else
        {
            StartProbe();
        }
    }

    private void StartProbe()
    {
        if (_state.Hub is { } hub && (_state.Gate is Gate.Open || _state.Episode is Episode.Paused))
        {
            // The next one comes also when this one is never answered.
            Timers.StartSingleTimer(ProbeTimer, ProbeNow.Instance, _state.Law.Max);
            _probe.Start(hub);
        }
    }

    private void Probed(HubProbe.ProbeAnswered answered)
    {
        if (_probe.Read(answered) is not var (generation, result))
        {
            return;
        }

        switch (result)
        {
            case HubResult<HubIdentity>.Value:
                _heartbeat.HubAnswered(Now);
                Apply(_state.ProbeTaken(Now));
                break;
            case HubResult<HubIdentity>.Refused { Class: ErrorClass.AuthInvalid or ErrorClass.AuthForbidden } refused:
                Apply(_state.Refused(generation, refused.Status, refused.Code, refused.Message, Now, Chance));
                break;
            case HubResult<HubIdentity>.Refused refused:
                ProbeCameToNothing(new LaneError(refused.Code, refused.Message, "check the hub's address", NeedsAttention: true), null);
                break;
            case HubResult<HubIdentity>.Failed(var failure):
                ProbeCameToNothing(
                    new LaneError(failure.Code, failure.Message, failure.Remedy, LaneErrors.NeedsAttention(failure.Class)),
                    failure.RetryAfter
                );
                break;
        }
    }

    private void ProbeCameToNothing(LaneError? error, TimeSpan? retryAfter)
    {
        _heartbeat.Failed(error, Now, Chance, retryAfter);
        Apply(_state.ProbeFailed(Now, Chance, retryAfter));
    }
}
