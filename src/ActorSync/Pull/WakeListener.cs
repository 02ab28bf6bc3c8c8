using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Event;

namespace ActorSync.Pull;

/// <summary>Keeps a socket open while the gate is: part of the puller's state, called on its thread. It wakes, and nothing else; without it the interval looks.</summary>
/// <remarks>
/// <code>
///  Shut ──gate open──► asking for the credential ──► opening ──► open ──closed, failed──► waiting ──► asking …
///   ▲                                                                                      │
///   └──── gate closed, other orders: whatever is there is ended ◄──────────────────────────┘
/// </code>
/// </remarks>
internal sealed class WakeListener(PullSetup setup, IWakePort port, IActorRef self, ITimerScheduler timers, ILoggingAdapter log)
{
    private const string RetryTimer = "wake";

    private WakeState _state = new(new Backoff(setup.Backoff));
    private WakeErrand? _errand;
    private IWakeSocket? _socket;
    private Gate.Open? _gate;
    private CredentialGeneration _generation;
    private DeviceId? _device;
    private bool _asked;

    /// <summary>Who this journal is at the hub; known from the first pass on.</summary>
    public void Know(DeviceId device)
    {
        _device = device;
        OpenIfDue();
    }

    public void Obey(PullProtocol.Orders orders)
    {
        var open = orders.Gate as Gate.Open;
        if (open != _gate || orders.Generation != _generation || orders.Fresh)
        {
            Shut();
            _state = _state.Fresh();
        }

        (_gate, _generation) = (open, orders.Generation);
        OpenIfDue();
    }

    /// <summary>True when it was us who asked for it.</summary>
    public bool Take(AuthProtocol.CurrentCredential credential)
    {
        if (!_asked)
        {
            return false;
        }

        _asked = false;
        if (_gate is { } gate && _device is { } device && credential is { Token: { } token, Binding: { } binding } && gate.Admits(binding))
        {
            var errand = new WakeErrand();
            _errand = errand;
            _ = port.OpenAsync(gate.Hub, token, device, errand.Token)
                .PipeTo(self, success: opening => new WakeOpened(errand, opening), failure: _ => new WakeCutOff(errand));
        }

        return true;
    }

    public void Opened(WakeOpened opened)
    {
        var socket = (opened.Opening as WakeOpening.Opened)?.Socket;
        if (!ReferenceEquals(opened.Errand, _errand))
        {
            socket?.Dispose();
            return;
        }

        if (socket is null)
        {
            _errand = null;
            Later(((WakeOpening.Failed)opened.Opening).Failure.Message);
            return;
        }

        _socket = socket;
        _state = _state.Opened(setup.Platform.Time.Now());
        log.Debug("Socket to the hub is open");
        ReadOn(opened.Errand);
    }

    /// <summary>The id up to which there is something; 0 when the socket ended, which may have a reason that a request will show; null when it is old.</summary>
    public long? Said(WakeSaid said)
    {
        if (!ReferenceEquals(said.Errand, _errand))
        {
            return null;
        }

        if (said.Sign is WakeSign.Changed(var lastId))
        {
            ReadOn(said.Errand);
            return lastId;
        }

        Shut();
        Later(((WakeSign.Closed)said.Sign).Why);
        return 0;
    }

    /// <summary>The session that was there lies on a connection that is gone.</summary>
    public void NetworkIsBack()
    {
        Shut();
        _state = _state.Fresh();
        OpenIfDue();
    }

    /// <summary>An answer that did not come is asked for again; the auth actor may have crashed over the question.</summary>
    public void AskAgain()
    {
        _asked = false;
        OpenIfDue();
    }

    public void OpenIfDue()
    {
        if (_gate is not null && _device is not null && _errand is null && !_asked && _state.MayOpen(setup.Platform.Time.Now()))
        {
            _asked = true;
            setup.Profile.Tell(new AuthProtocol.GetCredential(self));
        }
    }

    public void Shut()
    {
        timers.Cancel(RetryTimer);
        _errand?.Cancel();
        _socket?.Dispose();
        (_errand, _socket, _asked) = (null, null, false);
    }

    private void ReadOn(WakeErrand errand) =>
        _ = _socket!.ReadAsync().PipeTo(self, success: sign => new WakeSaid(errand, sign), failure: _ => new WakeCutOff(errand));

    private void Later(string why)
    {
        var now = setup.Platform.Time.Now();
        _state = _state.Ended(now, setup.Platform.Chance.NextDouble());
        var wait = _state.RetryAt!.Value.Steady - now.Steady;
        log.Debug("Socket to the hub ended ({Reason}), next in {Delay}; changes are polled for meanwhile", why, wait);
        timers.StartSingleTimer(RetryTimer, OpenWake.Instance, wait);
    }

    internal sealed class WakeErrand : Errand;

    internal sealed record WakeOpened(WakeErrand Errand, WakeOpening Opening);

    internal sealed record WakeSaid(WakeErrand Errand, WakeSign Sign);

    /// <summary>It was cancelled by ourselves.</summary>
    internal sealed record WakeCutOff(WakeErrand Errand);

    internal sealed record OpenWake
    {
        public static readonly OpenWake Instance = new();
    }
}
