using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

/// <summary>What the owner of a credential works with.</summary>
/// <param name="Store">Used by the actor alone, on its dispatcher, which must be one that may block.</param>
/// <param name="Device">The journal's.</param>
/// <param name="PlainHttpHosts">Hosts that plain http is allowed to, beside loopback.</param>
/// <param name="Listeners">Told <see cref="CredentialChanged"/> after each change and once after start; the first message that they get.</param>
internal sealed record AuthSetup(
    ICredentialStore Store,
    IHubPort Hub,
    DeviceId Device,
    AuthSettings Settings,
    SyncPlatform Platform,
    IReadOnlyList<string> PlainHttpHosts,
    ImmutableArray<IActorRef> Listeners
);

/// <summary>The only owner of a profile's credential.</summary>
/// <remarks>
/// <code>
///            Load fails                        Load succeeds
/// start ───────────────► Unavailable ───────────────────────► Ready
///   │                    (retried 1 s..30 s; a sign-out       ▲
///   │                     replaces what cannot be read)       │
///   └─────────────────────────────────────────────────────────┘
/// </code>
/// Nothing but <see cref="SignOut"/> removes a credential. What is told and answered is on disk before.
/// </remarks>
internal sealed partial class AuthActor : UntypedActor, IWithTimers
{
    private const string RenewTimer = "renew";
    private const string LoadTimer = "load";
    private readonly AuthSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly OpenCommands _open = new();
    private AuthState _state;
    private CredentialUnavailableException? _problem;
    private int _loads;
    private Flight? _renewal;
    private SignInFlight? _signIn;

    // A refreshed token that the disk did not take: the only copy of the newest one. It is not handed out before it is stored.
    private AuthState.Command.TakeRenewed? _unsaved;
    private CredentialChanged? _told;

    public AuthActor(AuthSetup setup)
    {
        _setup = setup;
        _state = new AuthState(StoredCredential.Nothing, setup.Device);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _setup.Platform.Time.GetUtcNow();

    public static Props Props(AuthSetup setup) => Akka.Actor.Props.Create(() => new AuthActor(setup));

    protected override void PreStart() => Load();

    // Also runs before a restart: each open command is answered, and the new incarnation reads the store.
    protected override void PostStop()
    {
        _renewal?.Cancel();
        _signIn?.Flight.Cancel();
        _open.RefuseAll("the owner of the credential stopped");
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Ready(object message)
    {
        switch (message)
        {
            case GetCredential query:
                query.ReplyTo.Tell(_state.Current);
                break;
            case CredentialRefused refused:
                _open.Add(refused);
                Judge(refused);
                break;
            case Pair pair:
                Begin(
                    pair,
                    pair.Hub,
                    hub => SignIn.Begin(pair, hub, _state.Stored.Pairing, _setup.Device, DeviceName(pair), _setup.Platform.Chance)
                );
                break;
            case UseToken use:
                Begin(use, use.Hub, hub => SignIn.Begin(use, hub, _setup.Device, Now));
                break;
            case UseCode use:
                Begin(
                    use,
                    use.Hub,
                    hub => new SignIn.Start(new SignIn.Exchange(hub, use.Code, use.Verifier, use.Redirect, _setup.Device), null)
                );
                break;
            case SignOut signOut:
                _open.Add(signOut);
                Leave(signOut);
                break;
            case RenewNow when _unsaved is not null:
                KeepUnsaved();
                break;
            case RenewNow:
                StartIfDecided(_state.Decide(new AuthState.Command.Renew(Now)));
                break;
            case Arrived arrived when arrived.Flight == _renewal:
                _renewal = null;
                Renewed(arrived.Generation, arrived.Reply);
                break;
            case Arrived arrived when arrived.Flight == _signIn?.Flight:
                SignInAnswered(_signIn, arrived.Reply);
                break;
            case Broke broke when broke.Flight == _renewal || broke.Flight == _signIn?.Flight:
                ExceptionDispatchInfo.Throw(broke.Failure);
                break;
            case Arrived or Broke or LoadNow: // from an earlier epoch
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Unavailable(object message)
    {
        switch (message)
        {
            case SignOut signOut:
                _open.Add(signOut);
                Replace(signOut);
                break;
            case IAuthCommand command:
                OpenCommands.Refuse(command, _problem!);
                break;
            case LoadNow:
                Load();
                break;
            case Arrived or Broke or RenewNow: // from an earlier incarnation
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Load()
    {
        try
        {
            Loaded(_setup.Store.Load());
        }
        catch (CredentialUnavailableException problem)
        {
            if (_problem?.Message != problem.Message)
            {
                _log.Error("Credential is unavailable: {Problem}; to do: {Remedy}", problem.Message, problem.Remedy);
            }

            _problem = problem;
            Timers.StartSingleTimer(LoadTimer, LoadNow.Instance, Backoff(++_loads, TimeSpan.FromSeconds(30)));
            Become(Unavailable);
            Announce();
        }
    }

    private void Loaded(StoredCredential stored)
    {
        (_problem, _loads) = (null, 0);
        Timers.Cancel(LoadTimer);
        _state = new AuthState(stored, _setup.Device);
        Become(Ready);
        Announce();
        ScheduleRenewal();
    }

    /// <summary>Stores first, then believes.</summary>
    private CredentialUnavailableException? Commit(AuthState.Decision decision)
    {
        try
        {
            foreach (var stored in decision.Events.OfType<AuthState.Event.Stored>())
            {
                _setup.Store.Save(stored.Credential);
            }
        }
        catch (CredentialUnavailableException failure)
        {
            return failure;
        }

        _state = _state.Evolve(decision.Events);
        return null;
    }

    private void Changed()
    {
        Announce();
        ScheduleRenewal();
        AnswerRefused(null);
    }

    private void Announce()
    {
        var problem = _problem?.Message ?? (_state.IsForeign ? _state.Current.Problem : null);
        var generation = _problem is null ? _state.Stored.Generation : new CredentialGeneration(_problem.KnownGeneration);
        var changed = new CredentialChanged(generation, _problem is null ? _state.Current.Binding : null, problem);
        if (changed != _told)
        {
            _told = changed;
            foreach (var listener in _setup.Listeners)
            {
                listener.Tell(changed);
            }
        }
    }

    // Full jitter over 1 s, 2 s, 4 s, …
    private TimeSpan Backoff(int attempt, TimeSpan longest) =>
        TimeSpan.FromSeconds(Math.Min(1L << Math.Min(attempt - 1, 20), longest.TotalSeconds) * _setup.Platform.Chance.NextDouble());

    private Flight Send(HubCall call, CredentialGeneration generation)
    {
        var flight = new Flight(new CancellationTokenSource());
        _ = _setup
            .Hub.SendAsync(call, flight.Token)
            .PipeTo(Self, success: reply => new Arrived(flight, generation, reply), failure: failure => new Broke(flight, failure));
        return flight;
    }

    // The stamp of a call. Compared by reference: a number would begin again with each incarnation, and answers outlive those.
    private sealed class Flight(CancellationTokenSource cancellation)
    {
        public CancellationToken Token => cancellation.Token;

        public void Cancel() => cancellation.Cancel();
    }

    private sealed record SignInFlight(SignIn Attempt, ImmutableArray<IAuthCommand> Commands, Flight Flight);

    private sealed record Arrived(Flight Flight, CredentialGeneration Generation, HubReply Reply);

    private sealed record Broke(Flight Flight, Exception Failure);

    private sealed record RenewNow
    {
        public static readonly RenewNow Instance = new();
    }

    private sealed record LoadNow
    {
        public static readonly LoadNow Instance = new();
    }
}
