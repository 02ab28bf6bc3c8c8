using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Sync.SyncProtocol;

namespace ActorSync.Sync;

/// <param name="LanePolicy">The lanes' rows of the supervision table.</param>
/// <param name="Drain">Makes a lane's actor; <see cref="DrainActor.Props"/> but in tests.</param>
internal sealed record SyncSetup(
    SyncOptions Options,
    ImmutableArray<PolicyRow> LanePolicy,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub,
    Func<DrainSetup, Orders, Props> Drain
);

/// <summary>Decides whether a profile may send, and keeps the lanes that do.</summary>
/// <remarks>
/// <code>
/// Starting ──settings and credential known──► Working: Off (local, no hub, signed out) | Running | Paused(reason)
/// </code>
/// What of these holds is <see cref="SyncState"/>; the story of a refused credential is <see cref="Episode"/>.
/// </remarks>
internal sealed class SyncActor : UntypedActor, IWithTimers
{
    private const string ProbeTimer = "probe";
    private const string SettingsTimer = "settings";
    private static readonly TimeSpan SettingsRetry = TimeSpan.FromSeconds(1);
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

    public SyncActor(SyncSetup setup)
    {
        _setup = setup;
        _state = new SyncState(setup.Options);
        _heartbeat = new Heartbeat(_state.Law);
        _desk = new SettingsDesk(setup.Journal, Self);
        _probe = new HubProbe(setup.Hub, Self, Context.Parent);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    private double Chance => _setup.Platform.Chance.NextDouble();

    public static Props Props(SyncSetup setup) => Akka.Actor.Props.Create(() => new SyncActor(setup));

    protected override SupervisorStrategy SupervisorStrategy() => new TableStrategy((child, error) => _lanes.OnFailure(child, error));

    protected override void PreStart()
    {
        var context = Context;
        _lanes = new LaneKeepers(lane => new ChildKeeper(
            context,
            Timers,
            _setup.Platform,
            _log,
            _setup.LanePolicy,
            LaneKeepers.NameOf(lane),
            () => _setup.Drain(DrainSetupOf(lane, context.Parent), _state.OrdersFor(lane, _lanes.Version, fresh: true))
        ));
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
            case DrainNow drain:
                _tickets.Open(drain.ReplyTo, drain.Force);
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
                Turn(_turns.Ask(ask.Lane, ask.Number));
                break;
            case TurnOver over:
                Turn(_turns.Over(over.Lane, over.Number, over.MaxLamport));
                break;
            case OrdersTaken taken:
                _lanes.Taken(taken);
                break;
            case CredentialDoubted doubted:
                Refused(doubted.Generation, doubted.Status, doubted.Code, doubted.Message);
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
            case ChildGone gone when _lanes.OnGone(gone) is { } ended:
                LaneGone(ended.Lane, ended.End);
                break;
            case RetryChild retry when _lanes.OnRetry(retry) is { } lane:
                Context.Parent.Tell(new LaneKept(lane, _lanes[lane].View));
                break;
            case ChildGone or RetryChild or HubProbe.ProbeThrew:
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Common(object message)
    {
        switch (message)
        {
            case AuthProtocol.CredentialChanged changed:
                Apply(_state.With(changed));
                break;
            case AuthProtocol.CurrentCredential current when _state.Credential is null:
                Apply(_state.With(new AuthProtocol.CredentialChanged(current.Generation, current.Binding, current.Problem)));
                break;
            case AuthProtocol.CurrentCredential current:
                if (!_probe.Take(current))
                {
                    ProbeCameToNothing(null, null);
                }

                break;
            case AuthWentDown down:
                Apply(_state with { AuthDown = down.Reason });
                break;
            case ChangeSettings change:
                _desk.Change(change);
                break;
            case JournalProtocol.Settings settings:
                var changed2 = _desk.Answered();
                Apply(_state.With(SyncSettings.Read(settings.Values, _setup.Options)));
                _lanes.WhenTaken(() => changed2?.Tell(settings, ActorRefs.NoSender));
                break;
            case JournalProtocol.Unavailable unavailable:
                SettingsUnavailable(unavailable);
                break;
            case ReadSettings:
                _desk.Read();
                break;
            case AuthProtocol.SignOut signOut:
                SignOut(signOut);
                break;
            case AuthProtocol.SignedOut or AuthProtocol.SignOutRefused or AuthProtocol.SignInRefused:
                SignedOut(message);
                break;
            case Closing:
                _lanes.NoMore();
                break;
            case SyncProtocol.JournalCameUp:
                _lanes.Tell(message);
                _desk.Read();
                break;
            case SyncProtocol.JournalWentDown down:
                _lanes.Tell(message);
                SettingsUnavailable(new JournalProtocol.Unavailable(down.Reason, down.Remedy));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Takes a new state: says it, orders by it, acts on it. The only way from one to another.</summary>
    private void Apply(SyncState next, bool fresh = false)
    {
        var before = _state;
        _state = next;
        if (!next.Ready)
        {
            return;
        }

        if (!_lanes.Started)
        {
            Begin();
            return;
        }

        Announce(before, next);
        if (
            before.Gate != next.Gate
            || before.Generation != next.Generation
            || before.Settings != next.Settings
            || before.PlainHub != next.PlainHub
        )
        {
            var opened = next.Gate is Gate.Open && (before.Gate != next.Gate || before.Settings != next.Settings);
            _lanes.Order((lane, version) => next.OrdersFor(lane, version, fresh || opened));
        }

        if (next.Episode is Episode.Confirming confirming && before.Episode is not Episode.Confirming)
        {
            Context.Parent.Tell(new AuthProtocol.CredentialRefused(confirming.Generation, confirming.Code, Self));
        }

        _heartbeat.GateIs(next.Gate is Gate.Open, next.IsElsewhere(before), Now);
        Report();
        ScheduleProbe();
    }

    private void Begin()
    {
        Become(Working);
        _lanes.Start();
        _heartbeat.GateIs(_state.Gate is Gate.Open, fresh: true, Now);
        Report();
        ScheduleProbe();
        _desk.Next();
        if (_tickets.All() is { } run)
        {
            _lanes.Tell(run);
        }
    }

    private void Announce(SyncState before, SyncState next)
    {
        var (was, pause) = (before.Pause(default), next.Pause(default));
        if (pause is not null && pause.Code != was?.Code && before.Episode is not Episode.Trial)
        {
            _log.Warning("Sync is paused ({Code}): {Reason}", pause.Code, pause.Text);
        }
        else if (before.Gate != next.Gate && next.Gate is Gate.Open && next.Episode is Episode.None)
        {
            _log.Info("Sync is running, hub {Hub}", next.Hub!);
        }
        else if (next.Gate is Gate.Closed closed && (before.Gate as Gate.Closed)?.Reason != closed.Reason && pause is null)
        {
            _log.Info("Sync does not send ({Reason}): {Text}", closed.Reason, closed.Text);
        }
    }

    private void Report()
    {
        Context.Parent.Tell(
            new SyncReport(
                _state.Settings?.Mode ?? SyncMode.Local,
                _state.Hub,
                _state.Gate,
                _state.Pause(Now.Wall),
                _state.Generation,
                _state.Binding,
                _heartbeat.HubAt,
                _heartbeat.Error,
                _heartbeat.OpenSince
            )
        );
    }

    // ---- lanes ----

    private void Drain(DrainNow drain)
    {
        var ticket = _tickets.Open(drain.ReplyTo, drain.Force);
        foreach (var lane in new[] { Lane.Priority, Lane.Bulk })
        {
            if (_lanes[lane].Ref is { } actor)
            {
                actor.Tell(new RunPass(ticket, drain.Force));
            }
            else
            {
                PassEnded(Crashed(lane, ticket));
            }
        }

        if (drain.Force && _state.Episode is Episode.Paused)
        {
            StartProbe();
        }
    }

    private void PassEnded(PassOver over)
    {
        if (_tickets.Over(over) is { } again)
        {
            _lanes.Tell(again);
        }
    }

    private void LaneSaid(LaneReport report)
    {
        Context.Parent.Tell(report);
        if (report.HubAt is { } at && _heartbeat.HubAnswered(at) && _state.Proven() is var proven && !ReferenceEquals(proven, _state))
        {
            Apply(proven);
        }
    }

    private void LaneGone(Lane lane, ChildEnd end)
    {
        Turn(_turns.Gone(lane));
        Context.Parent.Tell(new LaneKept(lane, _lanes[lane].View));
        PassEnded(Crashed(lane, long.MaxValue));
    }

    private PassOver Crashed(Lane lane, long ticket) =>
        new(
            lane,
            ticket,
            new PassEnd.Failed(LaneErrors.Crashed(_lanes[lane].View.LastError ?? "it is being started"), Offline: false, null),
            new PassTally(),
            0,
            _lanes[lane].View.NextTry?.Wall
        );

    private void Turn(TurnState next)
    {
        var before = _turns;
        _turns = next;
        if (next.Holder is { } holder && (before.Holder, before.HolderNumber) != (next.Holder, next.HolderNumber))
        {
            _lanes[holder].Ref?.Tell(new TurnGiven(next.HolderNumber, next.HighestSent));
        }
    }

    private DrainSetup DrainSetupOf(Lane lane, IActorRef profile) =>
        new(lane, _setup.Options.Drain, _setup.Platform, _setup.Journal, _setup.Hub, profile);

    // ---- the credential ----

    private void Refused(CredentialGeneration generation, int status, string code, string said)
    {
        var next = _state.Refused(generation, status, code, said, Now, Chance);
        if (ReferenceEquals(next, _state) && _state.Gate is Gate.Open)
        {
            // It spoke of a credential that has been replaced: go on with the new one.
            _lanes.Order((lane, version) => _state.OrdersFor(lane, version, fresh: true));
            return;
        }

        Apply(next);
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

    // ---- settings ----

    private void SettingsUnavailable(JournalProtocol.Unavailable unavailable)
    {
        _desk.Refuse(unavailable);
        if (_state.Settings is null)
        {
            _tickets.CloseAll(LaneErrors.Journal(unavailable.Reason).Message);
            Timers.StartSingleTimer(SettingsTimer, ReadSettings.Instance, SettingsRetry);
        }
    }

    // ---- heartbeat and probe ----

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

    private sealed record ProbeNow
    {
        public static readonly ProbeNow Instance = new();
    }

    private sealed record ReadSettings
    {
        public static readonly ReadSettings Instance = new();
    }
}
