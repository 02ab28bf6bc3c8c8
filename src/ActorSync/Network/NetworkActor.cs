using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Network.NetworkProtocol;

namespace ActorSync.Network;

/// <summary>Notices that the network came back: the machine's own notice, a wake from sleep, a name that has an address again.</summary>
/// <remarks>One state: it looks each second, and tells its parent at most once a second, after a little chance, so that a house full of devices does not come back in step.</remarks>
internal sealed class NetworkActor : UntypedActor, IWithTimers
{
    private const string LookTimer = "look";
    private const string AskTimer = "ask";
    private const string SayTimer = "say";
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    private readonly SyncPlatform _platform;
    private NetworkState _state = new();
    private IDisposable? _watch;
    private Errand? _question;
    private bool _woke;

    public NetworkActor(SyncPlatform platform) => _platform = platform;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SyncPlatform platform) => Akka.Actor.Props.Create(() => new NetworkActor(platform));

    protected override void PreStart()
    {
        var self = Self;
        _watch = _platform.Network.Watch(() => self.Tell(Changed.Instance, ActorRefs.NoSender));
        Timers.StartPeriodicTimer(LookTimer, LookNow.Instance, TimeSpan.Zero, NetworkState.Look);
        Timers.StartPeriodicTimer(AskTimer, AskNow.Instance, NetworkState.Ask, NetworkState.Ask);
    }

    protected override void PostStop()
    {
        _watch?.Dispose();
        _question?.Cancel();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LookNow:
                Look();
                break;
            case AskNow:
                Ask();
                break;
            case Found found when ReferenceEquals(found.Question, _question):
                Answered(found);
                break;
            case Found:
                break;
            case Changed:
                Say(woke: false);
                break;
            case SayNow:
                Context.Parent.Tell(new NetworkBack(_woke));
                _woke = false;
                break;
            case SyncProtocol.SyncReport report:
                _state = _state with
                {
                    Host = report.Hub is { HostNameType: UriHostNameType.Dns } hub ? hub.IdnHost : null,
                    Heartbeat = IsNameless(report.HubError),
                };
                break;
            case DrainProtocol.LaneReport { Lane: Lane.Priority } report:
                _state = _state with { Priority = IsNameless(report.Error) };
                break;
            case DrainProtocol.LaneReport report:
                _state = _state with { Bulk = IsNameless(report.Error) };
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Look()
    {
        (_state, var woke) = _state.Looked(_platform.Time.Now());
        if (woke)
        {
            Say(woke: true);
        }
    }

    private void Ask()
    {
        if (_state.Missing is not { } host || _question is not null)
        {
            return;
        }

        var question = new Errand();
        _question = question;
        _ = _platform
            .Network.HasAddressAsync(host, question.Token)
            .PipeTo(Self, success: has => new Found(question, has), failure: _ => new Found(question, Has: false));
    }

    private void Answered(Found found)
    {
        _question!.Dispose();
        _question = null;
        if (found.Has && _state.Missing is not null)
        {
            Say(woke: false);
        }
    }

    private void Say(bool woke)
    {
        _woke |= woke;
        if (!Timers.IsTimerActive(SayTimer))
        {
            Timers.StartSingleTimer(SayTimer, SayNow.Instance, Spread * _platform.Chance.NextDouble());
        }
    }

    private static bool IsNameless(DrainProtocol.LaneError? error) => error?.Code == "dns";

    private sealed record LookNow
    {
        public static readonly LookNow Instance = new();
    }

    private sealed record AskNow
    {
        public static readonly AskNow Instance = new();
    }

    private sealed record SayNow
    {
        public static readonly SayNow Instance = new();
    }

    private sealed record Changed
    {
        public static readonly Changed Instance = new();
    }

    private sealed record Found(Errand Question, bool Has);
}
