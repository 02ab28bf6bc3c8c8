using System.Runtime.ExceptionServices;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Hangar.HangarProtocol;

namespace ActorSync.Hangar;

/// <summary>Pushes a snapshot of the app's side collection on its own schedule. What the hub says to it, it believes for itself alone.</summary>
/// <remarks>
/// <code>
///           journal read            due or asked, gate open             complete, new, signed in
/// Starting ─────────────► Resting ─────────────────────────► Capturing ──────────────────────────► Pushing
///                            ▲  nothing to push, or it failed    │                                   │
///                            └───────────────────────────────────┴───────── taken, or it failed ─────┤
///                                                                    refused with 401 or 403: falls ◄┘
/// </code>
/// What is captured is held until it is pushed, and no token longer than the call that it is for.
/// </remarks>
internal sealed partial class HangarActor : UntypedActor, IWithTimers
{
    private const string WakeTimer = "wake";
    private const string PatienceTimer = "patience";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan JournalRetry = TimeSpan.FromSeconds(5);

    private readonly HangarSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly HangarAskers _askers = new();
    private HangarState _state;
    private SyncProtocol.SyncReport? _sync;
    private HangarActivity _activity = HangarActivity.Starting;
    private Errand? _flight;
    private HangarSnapshot? _snapshot;
    private bool _isSaved = true;

    public HangarActor(HangarSetup setup, HangarStart start)
    {
        (_setup, _sync) = (setup, start.Sync);
        var state = new HangarState(setup.Settings.Interval, new Backoff(setup.Law));
        _state = start.Before is { } before ? state.After(before) : state;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Moment Now => _setup.Platform.Time.Now();

    private double Chance => _setup.Platform.Chance.NextDouble();

    public static Props Props(HangarSetup setup, HangarStart start) => Akka.Actor.Props.Create(() => new HangarActor(setup, start));

    protected override void PreStart()
    {
        Become(Starting);
        AskJournal();
    }

    // Whoever asked gets an outcome, also when it falls.
    protected override void PostStop()
    {
        CutOff();
        _askers.AnswerAll(Failure("stopped", "the hangar stopped; ask again"));
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Starting(object message)
    {
        switch (message)
        {
            case JournalProtocol.Settings settings:
                Timers.Cancel(PatienceTimer);
                _state = _state.With(HangarMemory.Read(settings.Values), Now);
                if (_sync is { } sync)
                {
                    _state = _state.GateIs(sync.Gate, elsewhere: false, Now);
                }

                Rest();
                break;
            case JournalProtocol.Unavailable unavailable:
                _askers.AnswerAll(Failure("journal_unavailable", unavailable.Reason));
                Timers.StartSingleTimer(PatienceTimer, Late.Instance, JournalRetry);
                break;
            case Late or SyncProtocol.JournalCameUp:
                AskJournal();
                break;
            case SyncProtocol.SyncReport report:
                _sync = report;
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Resting(object message)
    {
        switch (message)
        {
            case Wake:
                Look();
                break;
            case SyncProtocol.SyncReport report:
                Timers.Cancel(PatienceTimer);
                Heed(report);
                Look();
                break;
            case Late when _sync is null:
                _askers.Answer(new HangarOutcome(HangarOutcome.Skipped, HangarSkip.Paused, "sync is starting", 0, 0, _state.NextAt?.Wall));
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Capturing(object message)
    {
        switch (message)
        {
            case HangarPort.Captured captured when ReferenceEquals(captured.Flight, _flight):
                EndFlight();
                _snapshot = captured.Snapshot;
                Become(Pushing);
                _activity = HangarActivity.Pushing;
                AskCredential();
                Report();
                break;
            case HangarPort.CaptureFailed failed when ReferenceEquals(failed.Flight, _flight):
                EndFlight();
                CaptureFailed(failed.Failure);
                break;
            case Wake: // the capture's time is over
                CutOff();
                Fail("capture_timeout", $"the source did not end within {_setup.Settings.CaptureTimeout}", null);
                break;
            case SyncProtocol.SyncReport report:
                Heed(report);
                GiveUpIfClosed();
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Pushing(object message)
    {
        switch (message)
        {
            case AuthProtocol.CurrentCredential credential when _flight is null:
                Timers.Cancel(PatienceTimer);
                Send(credential);
                break;
            case Late when _flight is null:
                AskCredential();
                break;
            case Answered answered when ReferenceEquals(answered.Flight, _flight):
                EndFlight();
                Judge(answered);
                break;
            case Threw threw when ReferenceEquals(threw.Flight, _flight):
                ExceptionDispatchInfo.Throw(threw.Error);
                break;
            case SyncProtocol.SyncReport report:
                Heed(report);
                GiveUpIfClosed();
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
            case PushHangar push:
                _askers.Add(push.ReplyTo, _activity is HangarActivity.Capturing or HangarActivity.Pushing);
                if (_activity is HangarActivity.Resting or HangarActivity.NoSource)
                {
                    Look();
                }

                break;
            case JournalProtocol.Settings:
                _isSaved = true;
                break;
            case JournalProtocol.Unavailable:
                break;
            case SyncProtocol.JournalCameUp when !_isSaved:
                Save();
                break;
            case SyncProtocol.JournalCameUp or SyncProtocol.JournalWentDown:
                break;
            case Wake or Late or Answered or Threw or AuthProtocol.CurrentCredential: // of a run that is over
            case HangarPort.Captured or HangarPort.CaptureFailed:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Works when it is time or somebody asked; otherwise sets the alarm.</summary>
    private void Look()
    {
        var now = Now;
        if (!_setup.Port.HasSource)
        {
            _askers.Answer(Skipping(HangarSkip.NoSource, "no source of a snapshot is set"));
        }
        else if (!_askers.Any && !_state.IsDue(now))
        {
            Timers.StartSingleTimer(WakeTimer, Wake.Instance, _state.NextAt!.Value.Steady - now.Steady);
        }
        else if (_sync is null)
        {
            Timers.StartSingleTimer(PatienceTimer, Late.Instance, Patience);
        }
        else if (_sync.Gate is Gate.Closed closed)
        {
            Skip(HangarSkip.Of(closed.Reason), closed.Text);
        }
        else
        {
            Capture();
        }
    }

    private void Capture()
    {
        _flight = new Errand();
        Become(Capturing);
        _activity = HangarActivity.Capturing;
        Timers.StartSingleTimer(WakeTimer, Wake.Instance, _setup.Settings.CaptureTimeout);
        _setup.Port.Start(_flight, Self, Context.System.Dispatchers.DefaultGlobalDispatcher);
        Report();
    }

    private void Heed(SyncProtocol.SyncReport report)
    {
        var before = _sync;
        _sync = report;
        var elsewhere = before?.Binding is { } was && report.Binding is { } now && (was.Hub, was.Account) != (now.Hub, now.Account);
        _state = _state.GateIs(report.Gate, elsewhere, Now);
    }

    private void AskJournal()
    {
        _setup.Journal.Tell(new JournalProtocol.GetSettings(Self));
        Report();
    }

    private void AskCredential()
    {
        Timers.StartSingleTimer(PatienceTimer, Late.Instance, Patience);
        Context.Parent.Tell(new AuthProtocol.GetCredential(Self));
    }

    private void Save()
    {
        _isSaved = false;
        _setup.Journal.Tell(new JournalProtocol.PatchSettings(_state.Memory.Patch(), Self));
    }

    private void Report() => Context.Parent.Tell(_setup.Port.HasSource ? _state.Report(_activity) : Idle);

    private HangarReport Idle => (_state with { NextAt = null }).Report(HangarActivity.NoSource);

    private sealed record Wake
    {
        public static readonly Wake Instance = new();
    }

    private sealed record Late
    {
        public static readonly Late Instance = new();
    }
}
