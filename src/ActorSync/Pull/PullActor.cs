using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Network;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Pull.PullProtocol;

namespace ActorSync.Pull;

/// <summary>Brings the hub's changes in. One pass at a time; triggers that come together, or while it pulls, are one.</summary>
/// <remarks>
/// <code>
///            gate open, journal up, something wanted, no backoff (or forced)
///  Resting ───────────────────────────────────────────────────────────────► Pulling
///     ▲        caught up / gate closed / doubted: rest until a trigger          │
///     └────────failed: backoff, then again; superseded: again at once ◄─────────┘
/// </code>
/// Triggers: the interval, a socket's frame, an order, a person. The gate belongs to the sync actor above.
/// </remarks>
internal sealed partial class PullActor : UntypedActor, IWithTimers
{
    private const string IntervalTimer = "interval";
    private const string RetryTimer = "retry";
    private const string CredentialTimer = "credential";
    private static readonly TimeSpan CredentialPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a network that has just come back may fail without a line in the log.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private readonly PullSetup _setup;
    private readonly PullLog _log;
    private readonly PullMemory _memory = new();
    private readonly ILoggingAdapter _lines = Context.GetLogger(NamedFormatter.Instance);
    private WakeListener? _wake;
    private readonly List<IActorRef> _reconcilers = [];
    private Orders _orders;
    private PullState _state;
    private PullPass? _pass;
    private PullReport _report;
    private PullTotals _before = PullTotals.None;
    private long _passes;

    // The pass is wanted for nothing but what the socket told of; up to there.
    private long? _announced;

    public PullActor(PullSetup setup, Orders orders)
    {
        (_setup, _orders) = (setup, orders);
        _log = new PullLog(_lines);
        _state = new PullState(new Backoff(setup.Backoff)) { Wanted = true, JournalUp = setup.Journal.Actor is not null };
        _report = new PullReport(false, null, null, null, null, null, null, orders.Interval, false, PullTotals.None);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    public static Props Props(PullSetup setup, Orders orders) => Akka.Actor.Props.Create(() => new PullActor(setup, orders));

    protected override void PreStart()
    {
        _wake = _setup.Wake is { } port ? new WakeListener(_setup, port, Self, Timers, _lines) : null;
        Obey(_orders);
    }

    // Also before a restart: whoever waits for an outcome gets one.
    protected override void PostStop()
    {
        _pass?.CutOff();
        _wake?.Shut();
        AnswerReconcilers(null, "sync stopped");
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Resting(object message)
    {
        switch (message)
        {
            case Orders orders:
                Obey(orders);
                break;
            case SnapshotOpened { Opening: Wire.HubOpening.Opened(var late) }:
                late.Dispose();
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Pulling(object message)
    {
        switch (message)
        {
            case Orders orders:
                Obey(orders);
                break;
            case PullAnswered answered:
                _pass!.Answered(answered);
                break;
            case SnapshotOpened opened:
                _pass!.Opened(opened);
                break;
            case SnapshotPiece piece:
                _pass!.Piece(piece);
                break;
            case PullThrew threw when !threw.Flight.Token.IsCancellationRequested:
                ExceptionDispatchInfo.Throw(threw.Error);
                break;
            case InboundProtocol.PullStands stands:
                _wake?.Know(stands.Place.Device);
                _pass!.Stands(stands);
                break;
            case InboundProtocol.RelayRead read:
                _pass!.Read(read);
                break;
            case JournalProtocol.ReplicaDigested digested:
                _pass!.Digested(digested);
                break;
            case JournalProtocol.Unavailable unavailable:
                _pass!.JournalGone(unavailable.Reason);
                break;
            case TurnGiven given:
                _pass!.Given(given);
                break;
            case AuthProtocol.CurrentCredential credential:
                _wake?.Take(credential);
                _pass!.Take(credential);
                break;
            case CredentialIsLate:
                _pass!.AskCredentialAgain();
                break;
            default:
                Common(message);
                break;
        }

        Follow();
    }

    private void Common(object message)
    {
        switch (message)
        {
            case Look:
                _wake?.AskAgain();
                Trigger(force: false);
                break;
            case PullNow now:
                Trigger(now.Force);
                break;
            case Reconcile reconcile:
                _reconcilers.Add(reconcile.ReplyTo);
                _state = _state with { Reconciling = true };
                Trigger(force: true);
                SayWhyNot();
                break;
            case NetworkProtocol.NetworkBack:
                _log.QuietUntil(Now.Steady + Settling);
                _state = _state.NetworkIsBack();
                _wake?.NetworkIsBack();
                Start();
                break;
            case Retry:
                Start();
                break;
            case SyncProtocol.JournalCameUp:
                _state = _state.Fresh() with { JournalUp = true };
                Start();
                break;
            case SyncProtocol.JournalWentDown down:
                _state = _state with { JournalUp = false };
                _pass?.JournalGone(down.Reason);
                Report();
                break;
            case TurnGiven given: // of a pass that was given up
                Context.Parent.Tell(new TurnOver(given.Number));
                break;
            case PullAnswered or SnapshotOpened or SnapshotPiece or PullThrew or CredentialIsLate: // as well
                break;
            case AuthProtocol.CurrentCredential credential:
                _wake?.Take(credential);
                break;
            case WakeListener.OpenWake:
                _wake?.OpenIfDue();
                break;
            case WakeListener.WakeOpened opened:
                _wake?.Opened(opened);
                break;
            case WakeListener.WakeSaid said when _wake?.Said(said) is { } lastId:
                Woken(lastId);
                break;
            case WakeListener.WakeSaid or WakeListener.WakeCutOff:
                break;
            case InboundProtocol.PullStands or InboundProtocol.RelayRead:
            case JournalProtocol.ReplicaDigested or JournalProtocol.Unavailable:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Obey(Orders orders)
    {
        var interval = _orders.Interval;
        _orders = orders;
        if (orders.Interval != interval || !Timers.IsTimerActive(IntervalTimer))
        {
            Timers.StartPeriodicTimer(IntervalTimer, Look.Instance, orders.Interval, orders.Interval);
        }

        _state = orders.Fresh ? _state.Fresh() : _state;
        Context.Parent.Tell(new OrdersTaken(orders.Version));
        _wake?.Obey(orders);
        if (_pass is not null)
        {
            _pass.Obey(orders);
            return;
        }

        Become(Resting);
        Start();
        SayWhyNot();
        Report();
    }

    private void Trigger(bool force)
    {
        _state = _state.Want(force);
        _announced = null;
        if (_pass is not null)
        {
            _pass.Again();
            return;
        }

        if (!Start())
        {
            Report();
        }
    }

    // A socket that ended may have had a reason; only a request shows it.
    private void Woken(long lastId)
    {
        if (lastId == 0)
        {
            Trigger(force: false);
        }
        else if (_pass is not null)
        {
            _pass.Announced(lastId);
        }
        else
        {
            _announced = _state.Wanted ? _announced : lastId;
            _state = _state.Want();
            Start();
        }
    }

    private sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Retry
    {
        public static readonly Retry Instance = new();
    }

    private sealed record CredentialIsLate
    {
        public static readonly CredentialIsLate Instance = new();
    }
}
