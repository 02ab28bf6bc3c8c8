using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Platform;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>The real journal actor on a disk that fails, opened again after each failure as its profile does, with the façade in front of it.</summary>
internal sealed class JournalHost
{
    public const string Path = "/journal.db";

    private static readonly SyncOptions Options = SyncOptionsReader.Read(
        "/nowhere",
        "actorsync.journal { checkpoint-pages = 40, fold-operations = 50, fold-backlog = 100 }"
    );

    private readonly World _world;
    private readonly JournalPort _port = new();
    private readonly Probe _probe;

    public JournalHost(World world, CrashDisk disk)
    {
        _world = world;
        var platform = world.Platform(sqliteVfs: disk.Vfs);
        Profile = new SyncProfile("default", new ProfileLink(_port, new NoHub(), platform, Options));
        _probe = world.Probe("asker");
        var journal = JournalActor.Props(Path, Options.Journal, platform, new JournalStatistics());
        world.System.ActorOf(Props.Create(() => new Parent(journal, _port)), "parent");
        world.RunUntil(() => IsUp);
    }

    public SyncProfile Profile { get; }

    public bool IsUp => _port.Actor is not null;

    /// <summary>Opens what a power cut left, as the start of a process does.</summary>
    /// <exception cref="SyncException">It does not open.</exception>
    public static void OpenOnce(CrashDisk disk)
    {
        var platform = new SyncPlatform
        {
            Time = new StillTime(),
            Chance = new SeededChance(1),
            SqliteVfs = disk.Vfs,
            Installation = static () => "installation-of-world",
        };
        JournalFile.Open(Path, Options.Journal, platform).Dispose();
    }

    /// <summary>Null when the journal is down or goes down over it.</summary>
    public T? Ask<T>(Func<IActorRef, JournalProtocol.IJournalCommand> command)
        where T : class
    {
        _port.Tell(command(_probe.Ref));
        return _probe.Expect<object>(within: TimeSpan.FromSeconds(60)) as T;
    }

    public void Tell(Func<IActorRef, JournalProtocol.IJournalCommand> command) => _port.Tell(command(ActorRefs.Nobody));

    public void AwaitUp() => _world.RunUntil(() => IsUp, TimeSpan.FromSeconds(60));

    private sealed class Parent(Props journal, JournalPort port) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

        protected override void PreStart()
        {
            Context.System.EventStream.Subscribe(Self, typeof(Akka.Event.DeadLetter));
            Open();
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case JournalProtocol.JournalOpened:
                    port.Up(Sender);
                    break;
                case Gone:
                    port.Down("it failed", "wait");
                    Timers.StartSingleTimer("open", "open", TimeSpan.FromMilliseconds(100));
                    break;
                case "open":
                    Open();
                    break;
                case Akka.Event.DeadLetter dead:
                    port.Refuse(dead.Message);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private void Open() => Context.WatchWith(Context.ActorOf(journal), new Gone());

        private sealed record Gone;
    }

    private sealed class NoHub : IHubPort
    {
        public Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<HubOpening> OpenAsync(HubCall call, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
