using System.Reflection;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Util;

namespace ActorSync.TestKit;

/// <summary>One simulated process: an actor system, its clock and its chance. It can be killed at any instant.</summary>
public sealed class Node
{
    private readonly World _world;
    private readonly string _hocon;
    private readonly List<Action> _ends = [];

    internal Node(World world, string name, int index, string hocon)
    {
        (_world, Name, Index, _hocon) = (world, name, index, hocon);
        Time = new NodeTime(this);
        Chance = new SeededChance(HashCode(world.Seed, index, 1));
    }

    public string Name { get; }

    public ActorSystem System { get; private set; } = null!;

    /// <summary>Virtual time; its wall clock can be set wrong, its monotonic one cannot.</summary>
    public NodeTime Time { get; }

    /// <summary>What this machine says about its network. Quiet, and every name has an address, unless told.</summary>
    public VirtualNetwork Network { get; } = new();

    public bool Alive { get; private set; } = true;

    public World World => _world;

    internal int Index { get; }

    internal IChance Chance { get; }

    internal SyncPlatform Platform(HttpMessageHandler? handler = null, string? sqliteVfs = null) =>
        new()
        {
            Time = Time,
            Chance = Chance,
            HttpHandler = handler is null ? null : () => handler,
            SqliteVfs = sqliteVfs,
            Network = Network,
            Installation = () => $"installation-of-{Name}",
            AsynchronousContinuations = false,
        };

    public Probe Probe(string name) => new(this, name);

    /// <summary>Runs an action after a virtual delay, unless the node is killed before.</summary>
    public void At(TimeSpan delay, Action action) => _world.At(delay, action, () => !Alive);

    /// <summary>A SIGKILL: mailboxes, timers and answers on their way are gone, and nothing of this node runs again, not even PostStop.</summary>
    public void Kill()
    {
        if (Alive)
        {
            Alive = false;
            _ends.ForEach(end => end());
        }
    }

    /// <summary>Called once, when the node is killed: what belongs to it outside the world (a disk, a connection) ends with it.</summary>
    public void OnKilled(Action end) => _ends.Add(end);

    /// <summary>The actor throws <see cref="InjectedCrashException"/> when it comes to this message.</summary>
    /// <remarks>Works for every actor that says <c>default: Unhandled(message)</c>.</remarks>
    public void Crash(IActorRef actor) => actor.Tell(CrashNow.Instance, ActorRefs.NoSender);

    /// <inheritdoc cref="Crash(IActorRef)"/>
    public void Crash(string path) => System.ActorSelection(path).Tell(CrashNow.Instance, ActorRefs.NoSender);

    internal void At(TimeSpan delay, Action action, Func<bool> dead) => _world.At(delay, action, () => !Alive || dead());

    internal void Boot() =>
        _world.Entered(() =>
        {
            PinAkkaRandom(HashCode(_world.Seed, Index, 2));
            WorldPlugins.Booting = this;
            try
            {
                System = ActorSystem.Create(Name, Configuration());
            }
            finally
            {
                WorldPlugins.Booting = null;
            }

            System.EventStream.Subscribe(new CrashOnUnhandled(System), typeof(UnhandledMessage));
        });

    internal static int HashCode(int seed, int index, int purpose) => unchecked((((seed * 397) ^ index) * 397) ^ purpose);

    private Config Configuration() =>
        ConfigurationFactory
            .ParseString(WorldPlugins.Hocon)
            .WithFallback(ConfigurationFactory.ParseString(_hocon))
            .WithFallback(ConfigurationFactory.ParseString(_world.Hocon))
            .WithFallback(ConfigurationFactory.ParseString(Reference()));

    private static string Reference()
    {
        using var stream = typeof(SyncRuntime).Assembly.GetManifestResourceStream("ActorSync.reference.conf");
        return stream is null ? "" : new StreamReader(stream).ReadToEnd();
    }

    // Akka draws the uid of each actor from a static source of its own.
    private static void PinAkkaRandom(int seed)
    {
        var source = typeof(ThreadLocalRandom).GetField("_rng", BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null);
        if (source is ThreadLocal<Random> random)
        {
            random.Value = new Random(seed);
        }
    }

    private sealed record CrashNow
    {
        public static readonly CrashNow Instance = new();
    }

    // Unhandled() publishes on the thread of the actor, so what the subscriber throws is thrown by the actor.
    private sealed class CrashOnUnhandled(ActorSystem system) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(Address.AllSystems, "/crash-on-unhandled");

        public override IActorRefProvider Provider => ((ExtendedActorSystem)system).Provider;

        protected override void TellInternal(object message, IActorRef sender)
        {
            if (message is UnhandledMessage { Message: CrashNow })
            {
                throw new InjectedCrashException();
            }
        }
    }
}
