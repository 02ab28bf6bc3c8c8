using ActorSync.Drain;
using ActorSync.Pull;
using Akka.Actor;

namespace ActorSync.Sync;

/// <summary>What the puller says, and what waits for it: nothing is pushed before the hub's changes were looked at, or while its history is being merged.</summary>
internal sealed partial class SyncActor
{
    // Whoever asks for a drain now is answered when this is over: it is a matter of moments, or of one fetch.
    private bool IsHeld => _state is { Gate: Gate.Open, Hold: not null } or { OwnerToNote: not null, KeptAside: null };

    /// <summary>False: not one of the puller's.</summary>
    private bool PullSaid(object message)
    {
        switch (message)
        {
            case PullProtocol.PullReport report:
                Context.Parent.Tell(report);
                if (report.HubAt is { } at)
                {
                    // Reading proves that the hub is there; whether it takes what is pushed, only a push can show.
                    _heartbeat.HubAnswered(at);
                }

                break;
            case PullProtocol.AskTurn ask:
                Turn(_turns.WantPull(ask.Number));
                break;
            case PullProtocol.TurnOver over:
                Turn(_turns.PullOver(over.Number));
                break;
            case PullProtocol.OrdersTaken taken:
                _lanes.Taken(taken);
                break;
            case PullProtocol.CredentialDoubted doubted:
                Refused(doubted.Generation, doubted.Status, doubted.Code, doubted.Message);
                break;
            case PullProtocol.HistoryDoubted doubted:
                // The first pass of a run compares as well; then nothing is pushed yet. A hub that we know nothing of, and that could not be read then,
                // keeps nobody from pushing while it is tried again.
                Apply(_state with { Hold = _state.Hold ?? (doubted.IsFirst ? null : SyncState.HistoryMerges) });
                break;
            case DrainProtocol.HistoryDoubted when _lanes.Pull is { } pull:
                Apply(_state with { Hold = SyncState.HistoryMerges });
                pull.Ref?.Tell(new PullProtocol.PullNow(Force: true));
                break;
            case DrainProtocol.HistoryDoubted:
                break;
            case PullProtocol.PassOver over:
                PullEnded(over);
                break;
            case PullProtocol.Reconcile reconcile:
                ReconcileOrSay(reconcile);
                break;
            default:
                return false;
        }

        return true;
    }

    private void PullEnded(PullProtocol.PassOver over)
    {
        switch (_state.Hold)
        {
            case null:
            case SyncState.FirstPull when over.End is PassEnd.Superseded or PassEnd.Skipped:
                break;
            case not null when over.Version != _lanes.Version:
                // It looked under other orders, perhaps at another hub.
                _lanes.Pull?.Ref?.Tell(new PullProtocol.PullNow(Force: false));
                break;
            // A hub that cannot be read now is not kept from taking what it can take; a clock that went back heals without this.
            case SyncState.FirstPull:
                Release();
                break;
            default:
                if (over.IsMerged)
                {
                    Release();
                }
                else if (over.End is PassEnd.Failed failed)
                {
                    _tickets.CloseAll(failed.Error.Message);
                }

                break;
        }
    }

    private void Release()
    {
        Apply(_state with { Hold = null });
        _lanes.Tell(DrainProtocol.LookAgain.Instance);
    }

    private void PullGone()
    {
        Turn(_turns.PullGone());
        Context.Parent.Tell(new SyncProtocol.PullKept(_lanes.Pull!.View));
        if (_state.Hold == SyncState.FirstPull)
        {
            Release();
        }
    }

    private void ReconcileOrSay(PullProtocol.Reconcile reconcile)
    {
        if (_lanes.Pull?.Ref is { } pull)
        {
            pull.Tell(reconcile);
        }
        else
        {
            var why = _lanes.Resting && _state.Gate is Gate.Closed closed ? closed.Reason.ToString() : "the puller is being started";
            reconcile.ReplyTo.Tell(new ReconcileReport(false, 0, false, why), ActorRefs.NoSender);
        }
    }

    private PullSetup PullSetupOf(IActorRef profile) =>
        new(_setup.Options.Pull, _state.Law, _setup.Platform, _setup.Journal, _setup.Hub, profile)
        {
            Wake = _setup.Options.Pull.Socket ? _setup.Platform.Wake?.Invoke(_setup.Options.Http) : null,
        };
}
