using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Runtime;
using ActorSync.Simulation.Judging;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.TestKit.Hubs;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Simulation.Worlds;

/// <summary>One installation: its disk and its credential outlive the processes that run the real tree on them.</summary>
internal sealed class Device : IDisposable
{
    public const string JournalPath = "/journal.db";
    public static readonly Uri HubAddress = new("https://hub.test/");

    private readonly World _world;
    private readonly Func<Node, HttpMessageHandler> _network;
    private readonly string _name;
    private readonly Func<Node, VirtualWire, IWakePort>? _wake;
    private readonly MemoryCredentials _credentials = new();
    private readonly SyncOptions _options;
    private ProfileLink? _link;
    private readonly List<Action> _ready = [];
    private int _processes;
    private int _lives;
    private QueueOnDisk? _queue;
    private (int Lives, long Calls)? _queueAt;

    /// <param name="network">The way to the hub, by the device's own wire.</param>
    /// <param name="wake">The way to the hub's sockets; null for none.</param>
    public Device(
        World world,
        Swarm swarm,
        int index,
        Func<Node, VirtualWire, HttpMessageHandler> network,
        Func<Node, VirtualWire, IWakePort>? wake
    )
    {
        _wake = wake;
        (_world, Index, _name) = (world, index, $"device-{(char)('a' + index)}");
        _network = node => network(node, Wire);
        Disk = new CrashDisk(swarm.Directory, (swarm.Seed * 8) + index);
        _options = SyncOptionsReader.Read(
            "/nowhere",
            $$"""
            actorsync {
              journal { checkpoint-pages = 30, fold-operations = 20, fold-backlog = 40 }
              drain {
                preset = {{swarm.Preset}}
                gzip = {{(swarm.Gzip ? "on" : "off")}}
                max-operations = {{swarm.MaxOperations}}
                backoff-max = 20s
              }
            }
            """
        );
    }

    public int Index { get; }

    public VirtualWire Wire { get; } = new();

    public CrashDisk Disk { get; }

    /// <summary>A person has signed in.</summary>
    public bool Paired { get; set; }

    /// <summary>What lies in the journal now; null when there is none yet.</summary>
    public QueueOnDisk? Queue()
    {
        // Copying a disk to read it is most of a world's work: once for each time that something was written.
        var state = (_lives, Disk.Calls.Sum() - Disk.Calls[(int)DiskCallKind.Read]);
        if (_queueAt != state)
        {
            (_queue, _queueAt) = (QueueOnDisk.Read(Disk, JournalPath), state);
        }

        return _queue;
    }

    /// <summary>Null until it was started for the first time.</summary>
    public Node? Node { get; private set; }

    /// <summary>The façade of the running process; null while there is none or it is not ready.</summary>
    public SyncProfile? Profile { get; private set; }

    public bool IsAlive => Node is { Alive: true };

    /// <summary>What made the tree give up, which no fault of the world may do.</summary>
    public ProfileFailed? Failed { get; private set; }

    public SyncOptions Options => _options;

    /// <summary>Called with each new process, when it can take operations.</summary>
    public void OnReady(Action ready) => _ready.Add(ready);

    public void Start()
    {
        _lives++;
        var node = _world.StartNode($"{_name}-{++_processes}");
        (Node, Profile, Failed) = (node, null, null);
        var platform = node.Platform(_network(node), Disk.Vfs) with
        {
            Installation = () => _name,
            Wake = _wake is null ? null : _ => _wake(node, Wire),
        };
        var hub = new HubHttp(_options.Http, platform);
        var link = new ProfileLink(new JournalPort(), hub, platform, _options);
        _link = link;
        var setup = new ProfileSetup(
            "default",
            _options,
            platform,
            link.Journal,
            hub,
            new ProfileChildren(
                () => JournalActor.Props(JournalPath, _options.Journal, platform, link.Statistics),
                (device, authority, listener) =>
                    AuthActor
                        .Props(new AuthSetup(_credentials, hub, device, _options.Auth, platform, [], [listener]) { Authority = authority })
                        .WithDispatcher("actorsync.storage-dispatcher")
            )
        );
        var root = node.System.ActorOf(RuntimeSupervisor.Props(ImmutableArray.Create(setup), platform), RuntimeSupervisor.Name);
        AskOf<Readiness>(root, replyTo => new GetProfile("default", replyTo), readiness => Stands(node, link, readiness));
    }

    /// <summary>Asks the running profile; no answer comes when the process dies.</summary>
    public void Ask<T>(Func<IActorRef, object> question, Action<T> answered)
    {
        if (IsAlive && _link?.Profile is { } profile)
        {
            AskOf(profile, question, answered);
        }
    }

    public void AskJournal<T>(Func<IActorRef, object> question, Action<T> answered)
    {
        if (IsAlive && _link?.Journal.Actor is { } journal)
        {
            AskOf(journal, question, answered);
        }
    }

    /// <summary>The process is gone from this instant on; with the power, what was not synced may be, too.</summary>
    public void Die(bool power)
    {
        Node?.Kill();
        Profile = null;
        _lives++;
        if (power)
        {
            Disk.PowerCut(_world.Random);
        }
        else
        {
            Disk.Kill();
        }
    }

    /// <summary>A further way to the hub from the running process.</summary>
    public HttpMessageHandler NewHandler() => _network(Node!);

    /// <summary>Dies within the k-th write or sync from now on, before it takes effect.</summary>
    public void DieAtCall(int k, bool power, Action died)
    {
        var seen = 0;
        Disk.Fault = call =>
        {
            if (call.Kind is DiskCallKind.Read or DiskCallKind.Open || ++seen < k)
            {
                return 0;
            }

            Die(power);
            died();
            return SqliteAbi.IoErr;
        };
    }

    public void Dispose()
    {
        Node?.Kill();
        Disk.Dispose();
    }

    private void Stands(Node node, ProfileLink link, Readiness readiness)
    {
        link.Profile = readiness.Profile;
        switch (readiness)
        {
            case ProfileFailed failed:
                Failed = failed;
                break;
            case ProfileWaiting:
                // The disk fails just now; the profile tries by itself, and enqueues are refused meanwhile.
                Up(link);
                break;
            default:
                _world.Trace.Add($"{node.Name} is ready");
                Up(link);
                break;
        }
    }

    private void Up(ProfileLink link)
    {
        Profile = new SyncProfile("default", link);
        _ready.ForEach(static ready => ready());
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
