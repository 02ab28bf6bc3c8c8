using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Outbox;
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
internal sealed class ProfileSupervisor : UntypedActor, IWithTimers
{
    private readonly ProfileSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly List<IActorRef> _waiting = [];
    private ProfileTree _tree = null!;
    private Readiness? _readiness;
    private DeviceId _device;
    private Shutdown? _shutdown;

    public ProfileSupervisor(ProfileSetup setup) => _setup = setup;

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
        if (_readiness is not ProfileFailed)
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
            case SyncProtocol.SyncReport or DrainProtocol.LaneReport or SyncProtocol.LaneKept:
                _tree.Status.Ref?.Tell(message);
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
            case SyncProtocol.DrainNow or SyncProtocol.ChangeSettings:
                _tree.Pass(_tree.Sync, message, Why());
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
            case Consequence.OutboxWaits:
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
    }

    private void Ready(Readiness readiness)
    {
        _readiness = readiness;
        _waiting.ForEach(asker => asker.Tell(readiness));
        _waiting.Clear();
    }

    private void Stop(StopProfile stop)
    {
        _shutdown = new Shutdown(_setup, _tree, Self, Timers, drains: _readiness is ProfileReady);
        _shutdown.Join(stop.ReplyTo);
        Ready(_readiness ?? new ProfileWaiting(_setup.Name, Self, "the runtime is stopping", "start it again"));
        Become(Stopping);
        _shutdown.Begin();
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
