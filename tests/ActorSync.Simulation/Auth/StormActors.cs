using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Simulation.Auth;

/// <summary>Sends to the hub on its own schedule, beside the lanes, and says no more than that it was refused; unless a plant makes it do worse.</summary>
internal sealed class StormHangar(StormHangar.Setup setup) : UntypedActor, IWithTimers
{
    private CancellationTokenSource? _flight;

    /// <param name="Wipe">What a planted fault does with the right that it must not have.</param>
    internal sealed record Setup(
        IActorRef Profile,
        IHubPort Hub,
        Func<double> Chance,
        Func<StormPlant, CredentialGeneration, string, bool> Wipe
    );

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Setup setup) => Akka.Actor.Props.Create(() => new StormHangar(setup));

    protected override void PreStart() => Later();

    protected override void PostStop() => _flight?.Cancel();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Now:
                _flight?.Cancel();
                setup.Profile.Tell(new AuthProtocol.GetCredential(Self));
                Later();
                break;
            case AuthProtocol.CurrentCredential { Token: { } token, Binding: { } binding } credential:
                _flight = new CancellationTokenSource();
                _ = setup
                    .Hub.SendAsync(new HubCall(binding.Hub, HttpMethod.Post, "/v1/me/hangar", token, "{}"u8.ToArray()), _flight.Token)
                    .PipeTo(Self, success: reply => new Said(credential.Generation, reply), failure: _ => Cut.Instance);
                break;
            case Said { Reply: HubReply.Answered { Status: 401, Error: { } code } } said:
                if (
                    !setup.Wipe(StormPlant.SharedFlag, said.Generation, code)
                    && !setup.Wipe(StormPlant.Stale401Clears, said.Generation, code)
                )
                {
                    setup.Profile.Tell(new SyncProtocol.CredentialDoubted(said.Generation, code));
                }

                break;
            case Said or Cut or AuthProtocol.CurrentCredential:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Later() => Timers.StartSingleTimer("now", Now.Instance, TimeSpan.FromSeconds(2 + (10 * setup.Chance())));

    private sealed record Said(CredentialGeneration Generation, HubReply Reply);

    private sealed record Cut
    {
        public static readonly Cut Instance = new();
    }

    private sealed record Now
    {
        public static readonly Now Instance = new();
    }
}

/// <summary>Stands in the place of the real owner of the credential and lets one thing go wrong.</summary>
internal sealed class PlantedAuth(StormPlant plant, Props real, IHubPort hub, Func<StoredCredential> stored, DeviceId device) : UntypedActor
{
    private IActorRef _real = ActorRefs.Nobody;
    private AuthProtocol.CurrentCredential? _first;

    public static Props Props(StormPlant plant, Props real, IHubPort hub, Func<StoredCredential> stored, DeviceId device) =>
        Akka.Actor.Props.Create(() => new PlantedAuth(plant, real, hub, stored, device));

    protected override void PreStart() => _real = Context.ActorOf(real, "real");

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AuthProtocol.GetCredential get when plant == StormPlant.CaptureAtStart:
                Remember();
                get.ReplyTo.Tell(
                    _first is null
                        ? new AuthProtocol.CurrentCredential(stored().Generation, null, null, null)
                        : _first with
                        {
                            Generation = stored().Generation,
                        }
                );
                break;
            case AuthProtocol.CredentialRefused when plant == StormPlant.TwoRefreshes && stored() is { CanRefresh: true } now:
                _ = hub.SendAsync(HubCalls.Refresh(now.Hub!, now.Refresh!.Secret, device), CancellationToken.None);
                _real.Forward(message);
                break;
            default:
                _real.Forward(message);
                break;
        }
    }

    private void Remember()
    {
        if (_first is null && stored() is { Access: { } token, Binding: { } binding } first)
        {
            _first = new AuthProtocol.CurrentCredential(first.Generation, token, binding, null);
        }
    }
}
