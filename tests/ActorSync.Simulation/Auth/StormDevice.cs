using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Events;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Runtime;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Simulation.Auth;

/// <summary>One installation with the whole real tree, its credential's disk, and somebody beside the lanes who sends as well.</summary>
internal sealed class StormDevice : IDisposable
{
    public static readonly Uri HubAddress = new("https://hub.test/");

    private readonly World _world;
    private readonly StormSwarm _swarm;
    private readonly StormPlant _plant;
    private readonly StormOracle _oracle;
    private readonly Func<Node, HttpMessageHandler> _network;
    private readonly CrashDisk _disk;
    private readonly SyncOptions _options = SyncOptionsReader.Read(
        "/nowhere",
        "actorsync.auth.renew-before = 10s\nactorsync.drain.backoff-max = 20s"
    );
    private ProfileLink? _link;
    private int _processes;

    public StormDevice(World world, StormSwarm swarm, StormPlant plant, StormOracle oracle, Func<Node, HttpMessageHandler> network)
    {
        (_world, _swarm, _plant, _oracle, _network) = (world, swarm, plant, oracle, network);
        _disk = new CrashDisk(DirectoryRule.Ext4Like, swarm.Seed);
        Store = new StormStore(oracle);
    }

    public StormStore Store { get; }

    public Node? Node { get; private set; }

    public bool IsUp => Node is { Alive: true } && _link?.Profile is not null;

    /// <summary>Hears every event of the runtime, of every process.</summary>
    public Action<SyncEvent> Heard { get; set; } = static _ => { };

    public void Start()
    {
        var node = _world.StartNode($"device-{++_processes}");
        Node = node;
        var platform = node.Platform(_network(node), _disk.Vfs) with { Installation = static () => "the-installation" };
        var hub = new WatchedHub(new HubHttp(_options.Http, platform), _oracle);
        var link = new ProfileLink(new JournalPort(), hub, platform, _options);
        _link = link;
        var setup = new ProfileSetup(
            "default",
            _options,
            platform,
            link.Journal,
            hub,
            new ProfileChildren(
                () => JournalActor.Props("/journal.db", _options.Journal, platform, link.Statistics),
                (device, authority, listener) =>
                {
                    var real = AuthActor.Props(
                        new AuthSetup(Store, hub, device, _options.Auth, platform, [], [listener]) { Authority = authority }
                    );
                    if (Hangar is null || !Hangar.Path.ToString().Contains(node.Name, StringComparison.Ordinal))
                    {
                        Hangar = node.System.ActorOf(StormHangar.Props(HangarOf(node, listener, hub, authority)), $"hangar-{node.Name}");
                    }

                    return _plant is StormPlant.CaptureAtStart or StormPlant.TwoRefreshes
                        ? PlantedAuth.Props(_plant, real, hub, () => Store.Content, device)
                        : real;
                }
            )
        );
        _ = ListenAsync(setup.Events);
        var root = node.System.ActorOf(RuntimeSupervisor.Props(ImmutableArray.Create(setup), platform), RuntimeSupervisor.Name);
        AskOf<Readiness>(root, replyTo => new GetProfile("default", replyTo), readiness => link.Profile = readiness.Profile);
    }

    public void Kill()
    {
        Node?.Kill();
        _disk.Kill();
    }

    public void Ask<T>(Func<IActorRef, object> question, Action<T> answered)
    {
        if (IsUp)
        {
            AskOf(_link!.Profile!, question, answered);
        }
    }

    public void Enqueue(NewOperation operation, Action<Accepted> accepted)
    {
        if (IsUp && _link!.Journal.Actor is { } journal)
        {
            AskOf<JournalProtocol.Stored>(
                journal,
                replyTo => new JournalProtocol.EnqueueMany([operation], null, replyTo),
                stored => accepted(stored.Accepted[0])
            );
        }
    }

    public void Dispose()
    {
        Node?.Kill();
        _disk.Dispose();
    }

    private IActorRef? Hangar { get; set; }

    private StormHangar.Setup HangarOf(Node node, IActorRef profile, IHubPort hub, AuthLossAuthority authority) =>
        new(
            profile,
            hub,
            node.Chance.NextDouble,
            (plant, generation, code) =>
            {
                var stored = Store.Content.Generation;
                if (_plant != plant || (plant == StormPlant.Stale401Clears) != (generation != stored))
                {
                    return false;
                }

                // Past the profile, which would not let it through.
                node.System.ActorSelection(profile.Path / "auth")
                    .Tell(new AuthProtocol.DeclareLost(authority, stored, code, "planted", ActorRefs.Nobody), ActorRefs.NoSender);
                return true;
            }
        );

    private async Task ListenAsync(EventFeed feed)
    {
        await foreach (var said in feed.ReadAsync().ConfigureAwait(false))
        {
            Heard(said);
        }
    }

    private void AskOf<T>(IActorRef whom, Func<IActorRef, object> question, Action<T> answered)
    {
        var clerk = Node!.System.ActorOf(Props.Create(() => new Clerk(message => Hear(message, answered))));
        whom.Tell(question(clerk), clerk);
    }

    private static void Hear<T>(object message, Action<T> answered)
    {
        if (message is T expected)
        {
            answered(expected);
        }
    }

    /// <summary>Takes one answer.</summary>
    private sealed class Clerk(Action<object> heard) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            Context.Stop(Self);
            heard(message);
        }
    }
}
