using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Events;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Network;
using ActorSync.Outbox;
using ActorSync.Pull;
using ActorSync.Restart;
using ActorSync.Status;
using ActorSync.Sync;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Runtime;

/// <summary>One profile: makes its children, decides what the end of one means, passes messages between them, answers for those that are down.</summary>
/// <remarks>
/// <code>
///           journal open                    stop
/// Opening ───────────────► Running ───────────────────► Stopping ──► gone
///    │                        │                             ▲
///    │ the journal may not    │ a child is over its limit,  │
///    │ be opened              │ the journal is damaged      │
///    └──────────► Failed ◄────┘          stop ──────────────┘
/// </code>
/// The only address that others hold. No IO, no decision about syncing.
/// </remarks>
internal sealed partial class ProfileSupervisor : UntypedActor, IWithTimers
{
    private readonly ProfileSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly List<IActorRef> _waiting = [];
    private ProfileTree _tree = null!;
    private Readiness? _readiness;
    private DeviceId _device;
    private Shutdown? _shutdown;
    private EventState _said;

    public ProfileSupervisor(ProfileSetup setup) => (_setup, _said) = (setup, new EventState(setup.Name));

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ProfileSetup setup) => Akka.Actor.Props.Create(() => new ProfileSupervisor(setup));

    protected override SupervisorStrategy SupervisorStrategy() => new TableStrategy((child, error) => _tree.OnFailure(child, error));

    protected override void PreStart()
    {
        var self = Self;
        _tree = new ProfileTree(Context, Timers, _setup, _log, () => _device, self);
        Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
        _setup.Journal.Down("the journal is being opened", "try again in a moment");
        Become(Opening);
        _tree.Journal.Start();
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        if (_readiness is not RuntimeProtocol.ProfileFailed)
        {
            _setup.Journal.Down("the profile has stopped", "start the runtime again");
        }

        _shutdown?.Answer(clean: false);
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case JournalProtocol.JournalOpened opened:
                _device = opened.Device;
                _setup.Journal.Up(Sender);
                _tree.StartRest();
                Become(Running);
                Ready(new ProfileReady(_setup.Name, Self, _device));
                break;
            default:
                Common(message, Opening);
                break;
        }
    }

    private void Running(object message)
    {
        switch (message)
        {
            case JournalProtocol.JournalOpened:
                _setup.Journal.Up(Sender);
                _tree.TellAll(SyncProtocol.JournalCameUp.Instance);
                break;
            case AuthProtocol.CredentialChanged:
                _tree.Sync.Ref?.Tell(message);
                break;
            case PullProtocol.PullReport or SyncProtocol.PullKept:
                _tree.Status.Ref?.Tell(message);
                break;
            case SyncProtocol.SyncReport report:
                _tree.Status.Ref?.Tell(message);
                _tree.Network.Ref?.Tell(message);
                _tree.Hangar.Take(report);
                Say(message);
                break;
            case DrainProtocol.LaneReport:
                _tree.Status.Ref?.Tell(message);
                _tree.Network.Ref?.Tell(message);
                Say(message);
                break;
            case SyncProtocol.LaneKept:
                _tree.Status.Ref?.Tell(message);
                Say(message);
                break;
            case SyncEvent said:
                _setup.Events.Publish(said);
                break;
            case HangarProtocol.HangarReport report:
                _tree.Hangar.Take(report);
                _tree.Status.Ref?.Tell(message);
                _tree.Status.Ref?.Tell(_tree.Hangar.Kept);
                break;
            case NetworkProtocol.NetworkBack:
                _tree.Sync.Ref?.Tell(message);
                break;
            case SyncProtocol.CredentialDoubted doubted:
                _tree.Hangar.Take(doubted);
                _tree.Sync.Ref?.Tell(message);
                break;
            case OutboxProtocol.AttachOutbox attach:
                _tree.Attach(attach);
                break;
            case OutboxProtocol.LookAt look:
                _tree.LookAt(look);
                break;
            default:
                Common(message, Running);
                break;
        }
    }

    private void Common(object message, UntypedReceive state)
    {
        switch (message)
        {
            case GetReadiness get when _readiness is not null:
                get.ReplyTo.Tell(_readiness);
                break;
            case GetReadiness get:
                _waiting.Add(get.ReplyTo);
                break;
            case AuthProtocol.SignOut signOut when _tree.Sync.Ref is { } sync && !signOut.ReplyTo.Equals(sync):
                sync.Forward(message);
                break;
            case AuthProtocol.IAuthCommand:
                _tree.Pass(_tree.Auth, message, "the credential store is unavailable");
                break;
            case SyncProtocol.DrainNow or SyncProtocol.ChangeSettings or PullProtocol.Reconcile:
                _tree.Pass(_tree.Sync, message, Why());
                break;
            case HangarProtocol.PushHangar push:
                if (!_tree.Hangar.Take(push))
                {
                    Absent.Answer(message, Why(), "try again in a moment");
                }

                break;
            case StatusProtocol.GetStatus get when _tree.Status.Ref is null:
                get.ReplyTo.Tell(FailedStatus.Of(_setup, _device, Why()));
                break;
            case StatusProtocol.GetStatus or StatusProtocol.Explain:
                _tree.Pass(_tree.Status, message, Why());
                break;
            case DeadLetter dead:
                _tree.AnswerDead(dead, Why(), "try again in a moment");
                break;
            case ChildGone gone:
                Ended(gone);
                break;
            case RetryChild retry:
                _tree.OnRetry(retry);
                break;
            case StopProfile stop:
                Stop(stop);
                break;
            default:
                if (!ProfileTree.IsChatter(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private string Why() => _readiness is ProfileWaiting waiting ? waiting.Reason : "the profile is starting";

    private void Ready(Readiness readiness)
    {
        _readiness = readiness;
        _waiting.ForEach(asker => asker.Tell(readiness));
        _waiting.Clear();
    }

    internal sealed record DrainTime
    {
        public static readonly DrainTime Instance = new();
    }

    internal sealed record StopTime
    {
        public static readonly StopTime Instance = new();
    }

    /// <summary>Comes behind the dead letters of the last child.</summary>
    internal sealed record Finish
    {
        public static readonly Finish Instance = new();
    }
}
