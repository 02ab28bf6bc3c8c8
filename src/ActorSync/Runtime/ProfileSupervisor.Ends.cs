using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Status;
using ActorSync.Sync;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Runtime;

/// <summary>What the end of a child means, and the two states that a profile ends in.</summary>
internal sealed partial class ProfileSupervisor
{
    private void Failed(object message)
    {
        var failed = (ProfileFailed)_readiness!;
        switch (message)
        {
            case GetReadiness get:
                get.ReplyTo.Tell(failed);
                break;
            case StatusProtocol.GetStatus get:
                get.ReplyTo.Tell(FailedStatus.Of(_setup, _device, failed));
                break;
            case DeadLetter dead:
                _tree.AnswerDead(dead, failed.Reason, failed.Remedy);
                break;
            case StopProfile stop:
                Stop(stop);
                break;
            case ChildGone or RetryChild:
                break;
            default:
                if (!Absent.Answer(message, failed.Reason, failed.Remedy) && !ProfileTree.IsChatter(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private void Stopping(object message)
    {
        switch (message)
        {
            case StopProfile stop:
                _shutdown!.Join(stop.ReplyTo);
                break;
            case DrainReport report:
                _shutdown!.Drained(report);
                break;
            case DrainTime:
                _shutdown!.EndDrain();
                break;
            case StopTime:
                _shutdown!.Answer(clean: false);
                Context.Stop(Self);
                break;
            case ChildGone gone:
                _tree.OnGone(gone);
                _shutdown!.ChildGone();
                break;
            case Finish:
                _shutdown!.Answer(clean: true);
                Context.Stop(Self);
                break;
            case JournalProtocol.JournalOpened: // it was on its way
                break;
            case SyncProtocol.DrainNow or SyncProtocol.ChangeSettings:
                Absent.Answer(message, "the runtime is stopping", "start it again");
                break;
            case AuthProtocol.IAuthCommand when _tree.Auth.Ref is { } auth:
                auth.Forward(message);
                break;
            case GetReadiness get:
                get.ReplyTo.Tell(_readiness ?? new ProfileWaiting(_setup.Name, Self, "the runtime is stopping", "start it again"));
                break;
            case DeadLetter dead:
                _tree.AnswerDead(dead, "the runtime is stopping", "start it again");
                break;
            case SyncProtocol.SyncReport or DrainProtocol.LaneReport or SyncProtocol.LaneKept:
                _tree.Status.Ref?.Tell(message);
                break;
            default:
                if (!Absent.Answer(message, "the runtime is stopping", "start it again") && !ProfileTree.IsChatter(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private void Ended(ChildGone gone)
    {
        if (_tree.OnGone(gone) is not var (child, end))
        {
            return;
        }

        switch (end.Then)
        {
            case Consequence.ProfileFailed:
                Fail(child, end);
                break;
            case Consequence.JournalUnavailable:
                JournalDown(end);
                break;
            case Consequence.CredentialUnavailable:
                _tree.Auth.RetryIn(Supervision.CredentialRetry);
                _tree.Sync.Ref?.Tell(new SyncProtocol.AuthWentDown($"the credential store is unavailable: {end.Error}"));
                break;
            case Consequence.HangarWaits:
                _tree.Status.Ref?.Tell(_tree.Hangar.Kept);
                _tree.Hangar.Refused();
                break;
            case Consequence.HangarError:
                _tree.Status.Ref?.Tell(_tree.Hangar.Kept);
                _setup.Events.Publish(ProfileFailure.OfHangar(_setup.Name, end, _setup.Platform.Time));
                break;
            case Consequence.OutboxWaits or Consequence.NetworkUnwatched:
                break;
            default:
                throw new InvalidOperationException($"the table has no {end.Then} here");
        }
    }

    private void JournalDown(ChildEnd end)
    {
        const string remedy = "nothing: it is opened again by itself";
        var reason = $"the journal is restarting ({end.Error})";
        _setup.Journal.Down(reason, remedy);
        _tree.TellAll(new SyncProtocol.JournalWentDown(reason, remedy, _tree.Journal.View.NextTry?.Wall));
        if (_readiness is null or ProfileWaiting)
        {
            Ready(new ProfileWaiting(_setup.Name, Self, reason, remedy));
        }
    }

    private void Fail(ChildKeeper child, ChildEnd end)
    {
        var failed = ProfileFailure.Of(_setup.Name, Self, child.Name, end);
        _setup.Journal.Down(failed.Reason, failed.Remedy);
        _tree.StopAll();
        Become(Failed);
        Ready(failed);
        _log.Error("Profile {Profile} has failed ({Code}): {Reason}; {Remedy}", _setup.Name, failed.Code, failed.Reason, failed.Remedy);
        Context.Parent.Tell(failed);
        Context.System.EventStream.Publish(failed);
        _setup.Events.Publish(ProfileFailure.ToEvent(failed, _setup.Platform.Time));
    }

    /// <summary>What a report means to those who listen to the runtime.</summary>
    private void Say(object report)
    {
        var now = _setup.Platform.Time.GetUtcNow();
        (_said, var events) = report switch
        {
            SyncProtocol.SyncReport sync => _said.With(sync, now),
            DrainProtocol.LaneReport lane => _said.With(NameOf(lane.Lane), lane.Error, now),
            SyncProtocol.LaneKept { View.Exhausted: true } kept => _said.With(
                NameOf(kept.Lane),
                LaneErrors.Crashed(kept.View.LastError ?? "unknown"),
                now
            ),
            _ => (_said, []),
        };
        foreach (var said in events)
        {
            _setup.Events.Publish(said);
        }

        static string NameOf(Lane lane) => lane == Lane.Priority ? "priority" : "bulk";
    }

    private void Stop(StopProfile stop)
    {
        _shutdown = new Shutdown(_setup, _tree, Self, Timers, drains: _readiness is ProfileReady);
        _shutdown.Join(stop.ReplyTo);
        Ready(_readiness ?? new ProfileWaiting(_setup.Name, Self, "the runtime is stopping", "start it again"));
        Become(Stopping);
        _shutdown.Begin();
    }
}
