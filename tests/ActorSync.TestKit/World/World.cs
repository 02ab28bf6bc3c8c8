using System.Diagnostics.CodeAnalysis;
using ActorSync.Platform;
using Akka.Actor;

namespace ActorSync.TestKit;

/// <summary>A simulated world: actor systems, timers, tasks and the wire, all on the thread that runs it, in virtual time, decided by one seed.</summary>
/// <remarks>
/// <para>For a unit test: <c>using var world = new World(seed: 1);</c> then</para>
/// <list type="bullet">
/// <item><c>world.System.ActorOf(…)</c>, <c>world.Probe()</c>, <c>probe.Expect&lt;T&gt;()</c>, <c>probe.ExpectNone(…)</c>;</item>
/// <item><c>world.Run(TimeSpan)</c> advances virtual time by exactly that much; <c>world.RunUntil(() => fact)</c> stops at the fact, false at the limit;</item>
/// <item><c>world.Await(task)</c> runs the world until a task of the code under test is done and gives its result; asynchronous code of the test itself goes in as
/// <c>world.Await(() => …)</c>, because the test framework's context would carry its awaits to other threads;</item>
/// <item><c>world.At(delay, action)</c>, <c>world.Time</c>, <c>world.Chance</c>, <c>world.Platform(handler)</c>, <c>world.Log</c>;</item>
/// <item><c>world.StartNode("b")</c> for a second system; <c>node.Kill()</c> is a SIGKILL: nothing of it runs again, no PostStop;</item>
/// <item><c>node.Crash(actor)</c> makes an actor throw <see cref="InjectedCrashException"/> while it handles its next message.</item>
/// </list>
/// <para>
/// Nothing runs between the calls above, and nothing runs twice at the same time: a test needs no waiting and no locks. Messages to different actors are
/// interleaved by the seed; two timers due in one instant fire in an order that the seed decides. The same seed gives the same <see cref="Digest"/>.
/// </para>
/// <para>
/// Work that slips onto the thread pool (<c>Task.Run</c>, real timers, asynchronous continuations, real asynchronous IO) is counted in
/// <see cref="Strays"/>: the run is then no longer decided by the seed, and virtual time does not wait for it.
/// </para>
/// <para>
/// Akka 1.4.46, tried: named log placeholders throw in the formatter unless the logger was made with one that knows them; the world shows such
/// a line as <c>(unformattable)</c>. Ask with a timeout, CircuitBreaker, BackoffSupervisor and a strategy's time window use the real clock: do not
/// use them in actors. The default ask timeout is infinite. <c>serialize-messages</c> fails on immutable collections. The dispatchers that
/// production pins to threads (<c>actorsync.journal-dispatcher</c>, <c>actorsync.storage-dispatcher</c>) run on the world's thread.
/// </para>
/// </remarks>
public sealed class World : IDisposable
{
    private const long MostStepsInARun = 50_000_000;

    [ThreadStatic]
    private static World? t_pumping;

    private readonly ReadyList _ready;
    private readonly TimerQueue _timers;
    private readonly List<Node> _nodes = [];
    private readonly int _seed;
    private int _pumpThread;
    private int _probes;
    private Node? _first;

    public World(int seed, Interleaving interleaving = Interleaving.RandomWalk, string hocon = "")
    {
        _seed = seed;
        Hocon = hocon;
        Random = new Random(seed);
        _ready = new ReadyList(interleaving, Random);
        _timers = new TimerQueue(Random);
        Trace = new Trace();
        Log = new LogFilter();
        Log.Listen(this);
    }

    /// <summary>The world's own chance: interleaving, latencies, faults. Not for the code under test.</summary>
    public Random Random { get; }

    public int Seed => _seed;

    /// <summary>Laid over reference.conf in each system.</summary>
    public string Hocon { get; }

    /// <summary>Virtual time since the world began.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Ticks);

    public DateTimeOffset Now => TimerQueue.Epoch.AddTicks(Ticks);

    /// <summary>Everything that was logged by any node; make more filters for parts of it.</summary>
    public LogFilter Log { get; }

    public Trace Trace { get; }

    /// <summary>Decided by the seed and the code alone; two runs that differ anywhere differ here.</summary>
    public string Digest => Trace.Digest;

    /// <summary>How many messages were handled.</summary>
    public long Steps { get; private set; }

    /// <summary>Work that came from another thread while the world ran. Anything but 0 makes the run irreproducible.</summary>
    public int Strays { get; private set; }

    /// <summary>Where the first stray came from.</summary>
    public string? FirstStray { get; private set; }

    /// <summary>The first node, started when first used.</summary>
    public Node Node => _first ??= StartNode("world");

    public ActorSystem System => Node.System;

    public TimeProvider Time => Node.Time;

    internal IChance Chance => Node.Chance;

    internal long Ticks => _timers.Now;

    /// <summary>The world whose constructor parts are being made on this thread.</summary>
    internal static World? Pumping => t_pumping;

    internal SyncPlatform Platform(HttpMessageHandler? handler = null, string? sqliteVfs = null) => Node.Platform(handler, sqliteVfs);

    public Probe Probe(string? name = null) => Node.Probe(name ?? $"probe-{++_probes}");

    /// <summary>A further actor system in the same world and the same time.</summary>
    public Node StartNode(string name, string hocon = "")
    {
        var node = new Node(this, name, _nodes.Count, hocon);
        _nodes.Add(node);
        _first ??= node;
        node.Boot();
        return node;
    }

    /// <summary>Runs an action on the world's thread after a virtual delay.</summary>
    public void At(TimeSpan delay, Action action) => _timers.Add(delay, action, static () => false);

    internal void At(TimeSpan delay, Action action, Func<bool> dead) => _timers.Add(delay, action, dead);

    /// <summary>Runs whatever is due for exactly this much virtual time.</summary>
    /// <exception cref="WorldStuckException">Messages go round without virtual time moving on.</exception>
    public void Run(TimeSpan duration) => Pump(Ticks + duration.Ticks, null);

    /// <summary>Runs until the fact holds. False when it did not within the limit (60 virtual seconds unless told).</summary>
    public bool RunUntil(Func<bool> fact, TimeSpan? limit = null) =>
        fact() || Pump(Ticks + (limit ?? TimeSpan.FromSeconds(60)).Ticks, fact) || fact();

    /// <summary>Runs until the task is done; throws its exception, or <see cref="TimeoutException"/> at the limit.</summary>
    public void Await(Task task, TimeSpan? limit = null)
    {
        if (!RunUntil(() => task.IsCompleted, limit))
        {
            throw new TimeoutException(Describe($"the task was not done after {limit ?? TimeSpan.FromSeconds(60)} of virtual time"));
        }

        task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Await(Task, TimeSpan?)"/>
    public T Await<T>(Task<T> task, TimeSpan? limit = null)
    {
        Await((Task)task, limit);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Starts asynchronous code of the test itself on the world's thread, so that its awaits come back to it, and runs until it is done.</summary>
    public T Await<T>(Func<Task<T>> start, TimeSpan? limit = null)
    {
        Task<T> task = null!;
        Entered(() => task = start());
        return Await(task, limit);
    }

    /// <inheritdoc cref="Await(Task, TimeSpan?)"/>
    public T Await<T>(ValueTask<T> task, TimeSpan? limit = null) => Await(task.AsTask(), limit);

    /// <summary>Tells what the world saw last; goes into the message of a failing assertion.</summary>
    public string Describe(string what) =>
        $"{what} (seed {_seed}, virtual {Elapsed}, {Steps} steps"
        + (Strays > 0 ? $", {Strays} strays from other threads, the first: {FirstStray}" : "")
        + ")\n"
        + string.Join('\n', Trace.Last(25));

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Kill();
        }
    }

    internal void Execute(Node node, Akka.Dispatch.IRunnable work)
    {
        if (_pumpThread != 0 && _pumpThread != Environment.CurrentManagedThreadId)
        {
            Stray();
        }

        _ready.Add(node, work);
    }

    /// <summary>Makes this the world that Akka's plug-ins, which have no parameters of ours, belong to.</summary>
    internal void Entered(Action action)
    {
        var (outer, context) = (t_pumping, SynchronizationContext.Current);
        t_pumping = this;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
            t_pumping = outer;
        }
    }

    private bool Pump(long end, Func<bool>? fact)
    {
        if (_pumpThread != 0)
        {
            throw new InvalidOperationException("the world is running already: use At(…) from within it");
        }

        var found = false;
        _pumpThread = Environment.CurrentManagedThreadId;
        try
        {
            Entered(() => found = PumpLoop(end, fact));
        }
        finally
        {
            _pumpThread = 0;
        }

        return found;
    }

    private bool PumpLoop(long end, Func<bool>? fact)
    {
        var last = Steps + MostStepsInARun;
        while (true)
        {
            if (_timers.TryTakeDue(out var due))
            {
                Trace.Timer(Ticks);
                due();
            }
            else if (_ready.TryTake(Steps, out var node, out var work))
            {
                // A message costs 1 to 20 microseconds, so that no loop of messages stops the clock.
                Steps++;
                _timers.Spend(TimeSpan.TicksPerMicrosecond * (1 + Random.Next(20)));
                Trace.Step(Ticks, node.Index, work);
                work.Run();
            }
            else if (!_timers.TryLeap(end))
            {
                return false;
            }

            if (fact is not null && fact())
            {
                return true;
            }

            if (Ticks >= end)
            {
                return false;
            }

            if (Steps > last)
            {
                throw new WorldStuckException(Describe($"{MostStepsInARun} messages in one run"));
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "counts, never fails")]
    private void Stray()
    {
        lock (_nodes)
        {
            Strays++;
            FirstStray ??= Environment.StackTrace;
        }
    }
}

/// <summary>Messages go round for ever without reaching the end of the run.</summary>
public sealed class WorldStuckException(string message) : Exception(message);

/// <summary>Thrown by an actor that was told to crash with <see cref="Node.Crash(IActorRef)"/>.</summary>
public sealed class InjectedCrashException() : Exception("injected crash");
