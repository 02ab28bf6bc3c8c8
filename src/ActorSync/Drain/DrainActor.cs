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
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Drain;

/// <summary>Ships one lane. One pass at a time; triggers that come together, or while it passes, are one.</summary>
/// <remarks>
/// <code>
///            gate open, journal up, something wanted, no backoff (or forced)
///  Resting ───────────────────────────────────────────────────────────────► Passing
///     ▲        drained / gate closed / doubted: rest until a trigger            │
///     └────────failed: backoff, then again; superseded: again at once ◄─────────┘
/// </code>
/// Triggers: the journal's notice, the interval, an order, a person. The gate belongs to the sync actor above.
/// </remarks>
internal sealed partial class DrainActor : UntypedActor, IWithTimers
{
    private const string IntervalTimer = "interval";
    private const string RetryTimer = "retry";
    private const string CredentialTimer = "credential";
    private static readonly TimeSpan CredentialPatience = TimeSpan.FromSeconds(10);

    private readonly DrainSetup _setup;
    private readonly LaneLog _log;
    private readonly BodyPress _press = new();
    private readonly LaneLimits _limits;
    private Orders _orders;
    private LaneState _state;
    private LanePass? _pass;
    private LaneReport _report;
    private LaneTotals _before = LaneTotals.None;
    private long _ticket;

    public DrainActor(DrainSetup setup, Orders orders)
    {
        (_setup, _orders) = (setup, orders);
        _log = new LaneLog(Context.GetLogger(NamedFormatter.Instance), setup.Lane);
        _limits = new LaneLimits(setup.Settings.MaxBytes);
        _state = new LaneState(new Backoff(new BackoffLaw(setup.Settings.BackoffMin, setup.Settings.BackoffMax)))
        {
            Wanted = true,
            JournalUp = setup.Journal.Actor is not null,
        };
        _report = new LaneReport(setup.Lane, false, null, null, null, null, null, null, orders.Interval, 0, null, LaneTotals.None);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    public static Props Props(DrainSetup setup, Orders orders) => Akka.Actor.Props.Create(() => new DrainActor(setup, orders));

    protected override void PreStart() => Obey(_orders);

    // Also before a restart: what is on its way is cut off, and replayed by its ids.
    protected override void PostStop() => _pass?.CutOff();

    protected override void OnReceive(object message) => Unhandled(message);

    private void Resting(object message)
    {
        switch (message)
        {
            case Orders orders:
                Obey(orders);
                break;
            case RunPass run:
                _ticket = run.Ticket;
                _state = _state.Want(run.Force);
                StartOrSay();
                break;
            case JournalProtocol.BatchRead late:
                PassLedger.GiveBack(_setup, late, Self);
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Passing(object message)
    {
        switch (message)
        {
            case Orders orders:
                Obey(orders);
                break;
            case RunPass run:
                _ticket = run.Ticket;
                _pass!.Again();
                break;
            case HubAnswered answered:
                _pass!.Answered(answered.Flight, answered.Reply);
                break;
            case HubThrew threw when !threw.Flight.Token.IsCancellationRequested:
                ExceptionDispatchInfo.Throw(threw.Error);
                break;
            case JournalProtocol.PassOpened opened:
                _pass!.Opened(opened);
                break;
            case JournalProtocol.BatchRead read:
                _pass!.Read(read);
                break;
            case JournalProtocol.BatchSettled settled:
                _pass!.Settled(settled);
                break;
            case JournalProtocol.AttemptRecorded recorded:
                _pass!.Recorded(recorded);
                break;
            case JournalProtocol.Recovered:
                _pass!.Recovered();
                break;
            case JournalProtocol.Unavailable unavailable:
                _pass!.JournalGone(unavailable.Reason);
                break;
            case TurnGiven given:
                _pass!.Given(given);
                break;
            case AuthProtocol.CurrentCredential credential:
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
            case JournalProtocol.OperationsPending when !_orders.Notify: // asked for under older orders
                break;
            case JournalProtocol.OperationsPending news:
                if (_setup.Lane == Model.Lane.Priority ? news.Priority : news.Bulk)
                {
                    Trigger();
                }
                else
                {
                    _setup.Journal.Tell(new JournalProtocol.Subscribe(Self));
                }

                break;
            case Look or LookAgain:
                Trigger();
                break;
            case Retry:
                Start();
                break;
            case NetworkProtocol.NetworkBack back:
                NetworkIsBack(back);
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
            case HubAnswered or HubThrew or TurnGiven or CredentialIsLate: // of a pass that was given up
            case AuthProtocol.CurrentCredential:
            case JournalProtocol.PassOpened or JournalProtocol.BatchSettled or JournalProtocol.AttemptRecorded:
            case JournalProtocol.Recovered or JournalProtocol.Unavailable:
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
        Context.Parent.Tell(new OrdersTaken(_setup.Lane, orders.Version));
        if (_pass is not null)
        {
            _pass.Obey(orders);
            return;
        }

        Become(Resting);
        Start();
        Report();
    }

    private void Trigger()
    {
        if (_pass is not null)
        {
            _pass.Again();
            return;
        }

        _state = _state.Want();
        if (!Start())
        {
            Report();
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
