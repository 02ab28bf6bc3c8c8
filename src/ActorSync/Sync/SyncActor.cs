using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Network;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Restart;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Sync.SyncProtocol;

namespace ActorSync.Sync;

/// <summary>Decides whether a profile may send, and keeps the lanes that do.</summary>
/// <remarks>
/// <code>
/// Starting ──settings and credential known──► Working: Off (local, no hub, signed out) | Running | Paused(reason)
/// </code>
/// What of these holds is <see cref="SyncState"/>; the story of a refused credential is <see cref="Episode"/>.
/// </remarks>
internal sealed partial class SyncActor : UntypedActor, IWithTimers
{
    private const string ProbeTimer = "probe";
    private const string SettingsTimer = "settings";
    private const string OwnerTimer = "owner";
    private static readonly TimeSpan SettingsRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CredentialPatience = TimeSpan.FromSeconds(10);

    private readonly SyncSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly DrainTickets _tickets = new();
    private readonly SettingsDesk _desk;
    private readonly Heartbeat _heartbeat;
    private readonly HubProbe _probe;
    private LaneKeepers _lanes = null!;
    private TurnState _turns = new();
    private SyncState _state;
    private IActorRef? _leaving;
    private readonly QueueOwner _owner;

    public SyncActor(SyncSetup setup)
    {
        _setup = setup;
        _state = new SyncState(setup.Options) { Hold = setup.Pull is null ? null : SyncState.FirstPull };
        _heartbeat = new Heartbeat(_state.Law);
        _desk = new SettingsDesk(setup.Journal, Self);
        _owner = new QueueOwner(setup.Journal, _desk, Self);
        _probe = new HubProbe(setup.Hub, Self, Context.Parent, setup.Authority);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    private double Chance => _setup.Platform.Chance.NextDouble();

    public static Props Props(SyncSetup setup) => Akka.Actor.Props.Create(() => new SyncActor(setup));

    protected override SupervisorStrategy SupervisorStrategy() => new TableStrategy((child, error) => _lanes.OnFailure(child, error));

    protected override void PreStart()
    {
        _lanes = MakeLanes(Context);
        Become(Starting);
        _desk.Read();
        Context.Parent.Tell(new AuthProtocol.GetCredential(Self));
        Timers.StartPeriodicTimer(ProbeTimer, ProbeNow.Instance, CredentialPatience, CredentialPatience);
    }

    // Also before a restart: whoever waits for an outcome gets one.
    protected override void PostStop()
    {
        _probe.CutOff();
        _tickets.CloseAll("sync stopped");
        _desk.CloseAll("sync stopped");
        _leaving?.Tell(new AuthProtocol.SignOutRefused("interrupted", "sync stopped", "sign out again"), ActorRefs.NoSender);
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Starting(object message)
    {
        switch (message)
        {
            case NetworkProtocol.NetworkBack: // nothing has failed yet
                break;
            case DrainNow drain:
                _tickets.Open(drain.ReplyTo, drain.Force);
                break;
            case PullProtocol.Reconcile reconcile:
                ReconcileOrSay(reconcile);
                break;
            case ProbeNow when _state.Credential is null:
                Context.Parent.Tell(new AuthProtocol.GetCredential(Self));
                break;
            case ProbeNow:
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Working(object message)
    {
        switch (message)
        {
            case DrainNow drain:
                Drain(drain);
                break;
            case PassOver over:
                PassEnded(over);
                break;
            case LaneReport report:
                LaneSaid(report);
                break;
            case AskTurn ask:
                Turn(_turns.Want(ask.Lane, ask.Number));
                break;
            case TurnOver over:
                Turn(_turns.Over(over.Lane, over.Number, over.MaxLamport));
                break;
            case OrdersTaken taken:
                _lanes.Taken(taken);
                break;
            case SyncProtocol.CredentialDoubted doubted:
                Doubted(doubted);
                break;
            case DrainProtocol.CredentialDoubted doubted:
                Refused(doubted.Generation, doubted.Status, doubted.Code, doubted.Message);
                break;
            case NetworkProtocol.NetworkBack back:
                NetworkIsBack(back);
                break;
            case EncodingDoubted doubted:
                Apply(_state with { PlainHub = doubted.Hub });
                break;
            case AuthProtocol.Verdict verdict:
                Apply(_state.Judged(verdict, Now, Chance));
                break;
            case ProbeNow:
                Probe();
                break;
            case HubProbe.ProbeAnswered answered:
                Probed(answered);
                break;
            case HubProbe.ProbeThrew threw when !threw.Flight.Token.IsCancellationRequested:
                ExceptionDispatchInfo.Throw(threw.Error);
                break;
            case AuthProtocol.LossRefused refused:
                LossRefused(refused);
                break;
            case ChildGone gone when _lanes.OnPullGone(gone):
                PullGone();
                break;
            case RetryChild retry when _lanes.Pull?.OnRetry(retry) == true:
                Context.Parent.Tell(new PullKept(_lanes.Pull.View));
                break;
            case ChildGone gone when _lanes.OnGone(gone) is { } ended:
                LaneGone(ended.Lane, ended.End);
                break;
            case RetryChild retry when _lanes.OnRetry(retry) is { } lane:
                Context.Parent.Tell(new LaneKept(lane, _lanes[lane].View));
                break;
            case ChildGone or RetryChild or HubProbe.ProbeThrew:
                break;
            default:
                if (!PullSaid(message))
                {
                    Common(message);
                }

                break;
        }
    }

    private void Common(object message)
    {
        switch (message)
        {
            case AuthProtocol.CredentialChanged changed:
                Apply(_state.With(changed, Now, Chance));
                break;
            case AuthProtocol.CurrentCredential current when _state.Credential is null:
                var told = new AuthProtocol.CredentialChanged(current.Generation, current.Binding, current.Problem) { Lost = current.Lost };
                Apply(_state.With(told, Now, Chance));
                break;
            case AuthProtocol.CurrentCredential current:
                if (!_probe.Take(current))
                {
                    ProbeCameToNothing(null, null, "there is nothing to ask with");
                }

                break;
            case AuthWentDown down:
                Apply(_state with { AuthDown = down.Reason });
                break;
            case ChangeSettings change:
                _desk.Change(change);
                break;
            case JournalProtocol.Settings settings:
                SettingsKnown(settings);
                break;
            case JournalCounts counts:
                Counted(counts);
                break;
            case CountAgain:
                _owner.Count();
                break;
            case JournalProtocol.Unavailable unavailable:
                SettingsUnavailable(unavailable);
                break;
            case ReadSettings:
                _desk.Read();
                break;
            case SyncProtocol.CredentialDoubted: // nothing is sent yet, and what is sent first decides
            case AuthProtocol.LossRefused:
                break;
            case AuthProtocol.SignOut signOut:
                Leave(signOut, self => new AuthProtocol.SignOut(self));
                break;
            case AuthProtocol.Unpair unpair:
                Leave(unpair, self => new AuthProtocol.Unpair(self));
                break;
            case AuthProtocol.SignedOut or AuthProtocol.SignOutRefused or AuthProtocol.SignInRefused:
                SignedOut(message);
                break;
            case Closing:
                _lanes.NoMore();
                break;
            case SyncProtocol.JournalCameUp:
                _lanes.TellAll(message);
                _desk.Read();
                break;
            case SyncProtocol.JournalWentDown down:
                _lanes.TellAll(message);
                SettingsUnavailable(new JournalProtocol.Unavailable(down.Reason, down.Remedy));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void SettingsKnown(JournalProtocol.Settings settings)
    {
        var asker = _desk.Answered();
        var again = asker is not null && !asker.Equals(ActorRefs.Nobody);
        Apply(_state.With(SyncSettings.Read(settings.Values, _setup.Options), Now, again));
        _lanes.WhenTaken(() => asker?.Tell(settings, ActorRefs.NoSender));
    }

    private void SettingsUnavailable(JournalProtocol.Unavailable unavailable)
    {
        _owner.Forget();
        _desk.Refuse(unavailable);
        if (!_state.Ready)
        {
            // Before anything was ever sent; later the lanes answer.
            _tickets.CloseAll(LaneErrors.Journal(unavailable.Reason).Message);
            Timers.StartSingleTimer(SettingsTimer, ReadSettings.Instance, SettingsRetry);
        }
    }

    private sealed record ProbeNow
    {
        public static readonly ProbeNow Instance = new();
    }

    private sealed record CountAgain
    {
        public static readonly CountAgain Instance = new();
    }

    private sealed record ReadSettings
    {
        public static readonly ReadSettings Instance = new();
    }
}
