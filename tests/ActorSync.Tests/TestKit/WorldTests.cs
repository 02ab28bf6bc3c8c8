using ActorSync.TestKit;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.TestKit;

public sealed class WorldTests
{
    public static TheoryData<Interleaving> Interleavings => [.. Enum.GetValues<Interleaving>()];

    [Theory]
    [MemberData(nameof(Interleavings))]
    [Trait("invariant", "I22")]
    public void The_same_seed_gives_the_same_trace(Interleaving interleaving)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (first, second) = (
                StaleAnswer.Play(seed, interleaving, planted: false),
                StaleAnswer.Play(seed, interleaving, planted: false)
            );
            second.Digest.ShouldBe(first.Digest);
            first.Strays.ShouldBe(0);
        }
    }

    [Fact]
    public void Different_seeds_give_different_traces() =>
        Enumerable
            .Range(0, 50)
            .Select(seed => StaleAnswer.Play(seed, Interleaving.RandomWalk, planted: false).Digest)
            .Distinct(StringComparer.Ordinal)
            .Count()
            .ShouldBe(50);

    [Theory]
    [InlineData(Interleaving.RandomWalk)]
    [InlineData(Interleaving.Pct)]
    public void A_planted_fault_is_found_and_only_it(Interleaving interleaving)
    {
        int Found(bool planted) => Enumerable.Range(0, 100).Count(seed => StaleAnswer.Play(seed, interleaving, planted).FreshTokenWiped);

        Found(planted: true).ShouldBeInRange(5, 95);
        Found(planted: false).ShouldBe(0);
    }

    [Fact]
    public void A_run_takes_exactly_its_virtual_time()
    {
        using var world = new World(seed: 1);
        world.Run(TimeSpan.FromHours(5));
        world.Elapsed.ShouldBe(TimeSpan.FromHours(5));
    }

    [Fact]
    public void Delays_cancellations_and_timers_are_virtual()
    {
        using var world = new World(seed: 1);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMinutes(3), world.Time);
        var delay = Task.Delay(TimeSpan.FromMinutes(2), world.Time, CancellationToken.None);
        var ticks = 0;
        using var timer = world.Time.CreateTimer(_ => ticks++, null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));

        world.Run(TimeSpan.FromSeconds(119));
        (delay.IsCompleted, cancel.IsCancellationRequested, ticks).ShouldBe((false, false, 11));
        world.Run(TimeSpan.FromSeconds(62));
        (delay.IsCompleted, cancel.IsCancellationRequested, ticks).ShouldBe((true, true, 18));
    }

    [Fact]
    public void Pinned_dispatchers_of_production_run_in_the_world()
    {
        using var world = new World(seed: 1);
        var here = Environment.CurrentManagedThreadId;
        var probe = world.Probe();
        foreach (var dispatcher in new[] { "actorsync.journal-dispatcher", "actorsync.storage-dispatcher" })
        {
            world.System.ActorOf(Props.Create(() => new SaysItsThread()).WithDispatcher(dispatcher)).Tell("where", probe.Ref);
            probe.Expect<int>().ShouldBe(here);
        }
    }

    [Fact]
    public void A_killed_node_does_nothing_more_and_the_other_goes_on()
    {
        using var world = new World(seed: 1);
        var (doomed, other) = (world.StartNode("doomed"), world.StartNode("other"));
        var says = new List<string>();
        foreach (var node in new[] { doomed, other })
        {
            node.System.ActorOf(Props.Create(() => new Ticker(node.Name, says)));
        }

        world.At(TimeSpan.FromSeconds(5.5), doomed.Kill);
        world.Run(TimeSpan.FromSeconds(10.5));

        says.Count(x => x == "doomed").ShouldBe(5);
        says.Count(x => x == "other").ShouldBe(10);
        says.Count(x => x == "doomed stopped").ShouldBe(0);
    }

    [Fact]
    public void An_actor_told_to_crash_crashes_in_its_own_turn()
    {
        using var world = new World(seed: 1);
        var actor = world.System.ActorOf(Props.Create(() => new Counter()), "counter");
        var probe = world.Probe();
        probe.Send(actor, "add");
        world.Node.Crash(actor);
        probe.Send(actor, "add");

        probe.Expect<int>().ShouldBe(1);
        probe.Expect<int>().ShouldBe(1, "the restarted actor counts from the beginning");
        world.Log.Expect(1, LogLevel.ErrorLevel, "injected crash");
    }

    [Fact]
    public void Work_on_the_thread_pool_is_noticed()
    {
        using var world = new World(seed: 1);
        var probe = world.Probe();
        using var told = new ManualResetEventSlim();
        world.At(
            TimeSpan.FromSeconds(1),
            () =>
            {
                _ = Task.Run(() =>
                {
                    probe.Ref.Tell("from elsewhere");
                    told.Set();
                });
                told.Wait();
            }
        );

        world.Run(TimeSpan.FromSeconds(2));
        world.Strays.ShouldBe(1);
        world.FirstStray!.ShouldContain(nameof(Work_on_the_thread_pool_is_noticed));
    }

    [Fact]
    public void A_wall_clock_can_jump_and_the_monotonic_one_does_not()
    {
        using var world = new World(seed: 1);
        var start = world.Time.GetTimestamp();
        world.Node.Time.WallOffset = TimeSpan.FromDays(-3650);
        world.Run(TimeSpan.FromSeconds(1));
        world.Time.GetElapsedTime(start).ShouldBe(TimeSpan.FromSeconds(1));
        world.Time.GetUtcNow().Year.ShouldBe(2020);
    }

    private sealed class SaysItsThread : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(Environment.CurrentManagedThreadId);
    }

    private sealed class Counter : UntypedActor
    {
        private int _count;

        protected override void OnReceive(object message)
        {
            if (message is "add")
            {
                Sender.Tell(++_count);
            }
            else
            {
                Unhandled(message);
            }
        }
    }

    private sealed class Ticker(string name, List<string> says) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        protected override void PostStop() => says.Add($"{name} stopped");

        protected override void OnReceive(object message) => says.Add(name);
    }
}
