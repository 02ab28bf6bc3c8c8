using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorSync.TestKit;

/// <summary>What Akka makes by name from the world's HOCON: executor, scheduler, logger.</summary>
internal static class WorldPlugins
{
    [ThreadStatic]
    private static Node? t_booting;

    public const string Hocon = """
        akka {
          loggers = ["ActorSync.TestKit.WorldLogger, ActorSync.TestKit"]
          stdout-logger-class = "ActorSync.TestKit.WorldLogger, ActorSync.TestKit"
          stdout-loglevel = DEBUG
          loglevel = DEBUG
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown { run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = off, terminate-actor-system = on }
          scheduler.implementation = "ActorSync.TestKit.WorldScheduler, ActorSync.TestKit"
          actor {
            default-mailbox.mailbox-type = "ActorSync.TestKit.CrashMailbox, ActorSync.TestKit"
            default-dispatcher = ${on-the-world-of-a-test}
            internal-dispatcher = ${on-the-world-of-a-test}
          }
        }
        actorsync {
          journal-dispatcher = ${on-the-world-of-a-test}
          storage-dispatcher = ${on-the-world-of-a-test}
        }
        on-the-world-of-a-test {
          type = Dispatcher
          executor = "ActorSync.TestKit.WorldExecutor, ActorSync.TestKit"
          throughput = 1
          throughput-deadline-time = 0ms
          shutdown-timeout = 0s
        }
        """;

    /// <summary>The node whose system is being made on this thread.</summary>
    public static Node? Booting
    {
        get => t_booting;
        set => t_booting = value;
    }

    public static Node Owner(ref Node? known) =>
        known ??= Booting ?? throw new InvalidOperationException("this system was not started by a World");
}

/// <summary>Runs mailboxes on the world's thread.</summary>
internal sealed class WorldExecutor : ExecutorServiceConfigurator
{
    private readonly IDispatcherPrerequisites _prerequisites;

    public WorldExecutor(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _prerequisites = prerequisites;

    public override ExecutorService Produce(string id) => new Service(id, WorldScheduler.NodeOf(_prerequisites.Scheduler));

    private sealed class Service(string id, Node node) : ExecutorService(id)
    {
        public override void Execute(IRunnable run) => node.World.Execute(node, run);

        public override void Shutdown() { }
    }
}

/// <summary>Akka's timers in virtual time.</summary>
internal sealed class WorldScheduler(Config config, ILoggingAdapter log) : SchedulerBase(config, log), IDateTimeOffsetNowTimeProvider
{
    private readonly Node _node = WorldPlugins.Booting ?? throw new InvalidOperationException("this system was not started by a World");

    public override TimeSpan MonotonicClock => _node.World.Elapsed;

    public override TimeSpan HighResMonotonicClock => _node.World.Elapsed;

    protected override DateTimeOffset TimeNow => _node.Time.GetUtcNow();

    public static Node NodeOf(IScheduler scheduler) =>
        (scheduler as WorldScheduler)?._node ?? throw new InvalidOperationException("this system was not started by a World");

    protected override void InternalScheduleTellOnce(
        TimeSpan delay,
        ICanTell receiver,
        object message,
        IActorRef sender,
        ICancelable cancelable
    ) => Once(delay, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay,
        TimeSpan interval,
        ICanTell receiver,
        object message,
        IActorRef sender,
        ICancelable cancelable
    ) => Repeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Once(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Once(delay, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay,
        TimeSpan interval,
        IRunnable action,
        ICancelable cancelable
    ) => Repeatedly(initialDelay, interval, action.Run, cancelable);

    private void Once(TimeSpan delay, Action action, ICancelable? cancelable) =>
        _node.At(delay, action, () => cancelable?.IsCancellationRequested ?? false);

    private void Repeatedly(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Once(
            delay,
            () =>
            {
                action();
                Repeatedly(interval, interval, action, cancelable);
            },
            cancelable
        );
}

/// <summary>Hands each log event to the world, on the thread that logged it.</summary>
internal sealed class WorldLogger : MinimalLogger
{
    private readonly Node? _node = WorldPlugins.Booting;

    protected override void Log(object message)
    {
        if (message is LogEvent logged && _node is not null)
        {
            _node.World.Log.Publish(_node, logged);
        }
    }
}
