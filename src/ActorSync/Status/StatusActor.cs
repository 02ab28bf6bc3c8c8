using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Status.StatusProtocol;

namespace ActorSync.Status;

/// <summary>What a profile's status actor works with.</summary>
internal sealed record StatusSetup(
    string Profile,
    DeviceId Device,
    SyncOptions Options,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub
);

/// <summary>The one read model: gathers what the others say, asks the journal for its numbers, and answers everybody.</summary>
/// <remarks>Questions that come while the journal is being asked are answered by one answer of it. Nothing is decided here but what is shown.</remarks>
internal sealed class StatusActor : UntypedActor, IWithTimers
{
    private const string TickTimer = "tick";
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(15);

    private readonly StatusSetup _setup;
    private readonly SyncMetrics _metrics = SyncMetrics.Of(Context.System);
    private readonly List<IActorRef> _waiting = [];
    private readonly Dictionary<OperationId, List<IActorRef>> _explaining = [];
    private readonly HubLookup _lookup;
    private StatusModel _model;
    private string? _published;
    private bool _asked;

    public StatusActor(StatusSetup setup)
    {
        _setup = setup;
        _model = new StatusModel(setup.Profile, setup.Device, setup.Options);
        _lookup = new HubLookup(setup.Hub, Self, Context.Parent);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    public static Props Props(StatusSetup setup) => Akka.Actor.Props.Create(() => new StatusActor(setup));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(TickTimer, TickNow.Instance, Tick, Tick);
        AskCounts();
    }

    // Also before a restart: whoever asked gets what is known.
    protected override void PostStop()
    {
        AnswerAll();
        RefuseExplains(new JournalProtocol.Unavailable("the status actor stopped", "ask again"));
        _lookup.CloseAll("the status actor stopped");
        _metrics.Forget(_setup.Profile);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetStatus get:
                _waiting.Add(get.ReplyTo);
                AskCounts();
                break;
            case Explain explain:
                Begin(explain);
                break;
            case TickNow:
                AskCounts();
                break;
            case JournalCounts counts:
                _asked = false;
                _model = _model.With(counts, Now);
                AnswerAll();
                break;
            case JournalProtocol.Unavailable unavailable:
                _asked = false;
                _model = _model with { JournalError = unavailable.Reason };
                AnswerAll();
                RefuseExplains(unavailable);
                break;
            case SyncProtocol.JournalWentDown down:
                _asked = false;
                _model = _model with { JournalError = down.Reason, JournalNextTry = down.NextTry };
                AnswerAll();
                RefuseExplains(new JournalProtocol.Unavailable(down.Reason, down.Remedy));
                break;
            case SyncProtocol.JournalCameUp:
                AskCounts();
                break;
            case JournalRow row:
                Explained(row.OperationId, asker => asker.Tell(Explainer.Explain(row, _model), ActorRefs.NoSender));
                break;
            case JournalProtocol.NoSuchOperation none:
                Explained(none.Operation, asker => _lookup.Find(none.Operation, asker));
                break;
            case SyncProtocol.SyncReport report:
                _model = _model with { Sync = report };
                Publish();
                break;
            case DrainProtocol.LaneReport report:
                _model = _model.With(report.Lane, _model[report.Lane].With(report));
                Publish();
                break;
            case SyncProtocol.LaneKept kept:
                _model = _model.With(kept.Lane, _model[kept.Lane].With(kept.View));
                Publish();
                break;
            case PullProtocol.PullReport report:
                _model = _model with { Pull = _model.Pull with { Report = report } };
                Publish();
                break;
            case SyncProtocol.PullKept kept:
                _model = _model with { Pull = _model.Pull.With(kept.View) };
                Publish();
                break;
            case HangarProtocol.HangarReport report:
                _model = _model with { Hangar = report };
                break;
            case HangarProtocol.HangarKept kept:
                _model = _model with { HangarKept = kept.View };
                break;
            case AuthProtocol.CurrentCredential credential:
                _lookup.Take(credential);
                break;
            case HubLookup.Found found:
                _lookup.Take(found);
                break;
            case HubLookup.Threw threw when !threw.Flight.Token.IsCancellationRequested:
                ExceptionDispatchInfo.Throw(threw.Error);
                break;
            case HubLookup.Threw:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AskCounts()
    {
        if (!_asked)
        {
            _asked = true;
            _setup.Journal.Tell(new JournalProtocol.GetCounts(Self));
        }
    }

    private void AnswerAll()
    {
        var snapshot = _model.Snapshot(Publish(), Now);
        _metrics.Observe(snapshot);
        foreach (var asker in _waiting)
        {
            asker.Tell(snapshot, ActorRefs.NoSender);
        }

        _waiting.Clear();
    }

    private HealthView Publish()
    {
        (_model, var health) = _model.Judge(Now);
        if (_published != health.State)
        {
            _published = health.State;
            Context.System.EventStream.Publish(new HealthChanged(_setup.Profile, health));
        }

        return health;
    }

    private void Begin(Explain explain)
    {
        if (!_explaining.TryGetValue(explain.Operation, out var askers))
        {
            _explaining.Add(explain.Operation, askers = []);
            _setup.Journal.Tell(new JournalProtocol.GetOperation(explain.Operation, Self));
        }

        askers.Add(explain.ReplyTo);
    }

    private void Explained(OperationId operation, Action<IActorRef> answer)
    {
        if (_explaining.Remove(operation, out var askers))
        {
            askers.ForEach(answer);
        }
    }

    private void RefuseExplains(JournalProtocol.Unavailable unavailable)
    {
        foreach (var askers in _explaining.Values)
        {
            askers.ForEach(asker => asker.Tell(unavailable, ActorRefs.NoSender));
        }

        _explaining.Clear();
    }

    private sealed record TickNow
    {
        public static readonly TickNow Instance = new();
    }
}
