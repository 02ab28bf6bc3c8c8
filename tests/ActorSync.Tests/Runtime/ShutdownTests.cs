using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Runtime;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

public sealed class ShutdownTests
{
    [Fact]
    [Trait("criterion", "S8")]
    public void A_clean_stop_drains_then_leaves_no_actor_no_timer_and_no_failure()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        var failures = world.World.Probe();
        world.World.System.EventStream.Subscribe(failures.Ref, typeof(RuntimeProtocol.RuntimeFailed));
        world.World.System.EventStream.Subscribe(failures.Ref, typeof(RuntimeProtocol.ProfileFailed));
        var ids = world.Enqueue(500, Lane.Bulk);

        var stopped = world.Stop();

        stopped.ShouldBe(new RuntimeProtocol.Stopped(0, Clean: true));
        world.AtHub.ShouldBe(ids);
        Gone(world).ShouldBeTrue();
        failures.ExpectNone();
        world.World.Log.Lines.Where(line => line.Level >= LogLevel.WarningLevel).ShouldBeEmpty();
        var exchanges = world.Hub.Exchanges.Count;
        world.World.Run(TimeSpan.FromHours(1));
        world.Hub.Exchanges.Count.ShouldBe(exchanges);
        world.AskJournal<JournalProtocol.Unavailable>(asker => new JournalProtocol.GetCounts(asker));
    }

    [Theory]
    [InlineData("refuses")]
    [InlineData("swallows")]
    [InlineData("answers late")]
    [Trait("criterion", "S8")]
    public void A_stop_ends_within_its_time_also_on_a_dead_network(string network)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        switch (network)
        {
            case "refuses":
                world.Wire.IsDown = true;
                break;
            case "swallows":
                (world.Wire.IsDown, world.Wire.Silent) = (true, 1);
                break;
            default:
                world.Wire.MinLatency = world.Wire.MaxLatency = TimeSpan.FromSeconds(20);
                break;
        }

        world.Enqueue(50);
        world.World.Run(TimeSpan.FromSeconds(1));
        var start = world.World.Elapsed;

        world.Stop().Clean.ShouldBeTrue();

        (world.World.Elapsed - start).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(5));
        Gone(world).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "S8")]
    public void A_child_that_does_not_end_does_not_hold_the_stop_up()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        ((LocalActorRef)world.Child("status")).Suspend();
        ((LocalActorRef)world.Child("sync")).Suspend();
        var start = world.World.Elapsed;

        world.Stop();

        (world.World.Elapsed - start).ShouldBeLessThanOrEqualTo(world.Options.Shutdown.StopTimeout + TimeSpan.FromSeconds(1));
    }

    [Fact]
    [Trait("criterion", "S8")]
    public void Stops_that_come_together_are_answered_together()
    {
        using var world = new ProfileWorld();
        var askers = Enumerable.Range(0, 5).Select(_ => world.World.Probe()).ToList();

        askers.ForEach(asker => asker.Send(world.Runtime, new RuntimeProtocol.StopRuntime(asker.Ref)));

        askers.ForEach(asker => asker.Expect<RuntimeProtocol.Stopped>(within: TimeSpan.FromSeconds(10)).Clean.ShouldBeTrue());
    }

    [Theory]
    [InlineData("sync")]
    [InlineData("status")]
    [InlineData("auth")]
    [InlineData("journal")]
    [InlineData("sync/drain-bulk")]
    [Trait("criterion", "S10")]
    public void Nothing_is_restarted_while_stopping(string child)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Wire.MinLatency = world.Wire.MaxLatency = TimeSpan.FromSeconds(1);
        world.Enqueue(50, Lane.Bulk);
        world.World.Run(TimeSpan.FromMilliseconds(100));
        var victim = world.Child(child);
        var asker = world.World.Probe();
        asker.Send(world.Runtime, new RuntimeProtocol.StopRuntime(asker.Ref));
        world.World.Run(TimeSpan.FromMilliseconds(50));

        world.World.Node.Crash(victim);
        world.World.RunUntil(() => world.Child(child).IsNobody(), TimeSpan.FromSeconds(6)).ShouldBeTrue();
        world.World.RunUntil(() => !world.Child(child).IsNobody(), TimeSpan.FromSeconds(10)).ShouldBeFalse();

        asker.Expect<RuntimeProtocol.Stopped>(within: TimeSpan.FromSeconds(6));
        world.World.Log.Lines.ShouldNotContain(line => line.Text.Contains("failed and is restarted", StringComparison.Ordinal));
        Gone(world).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "S8")]
    public void A_restart_of_the_runtime_goes_on_where_it_was()
    {
        using var world = new ProfileWorld();
        world.Wire.IsDown = true;
        var ids = world.Enqueue(20);
        world.Stop();
        Gone(world).ShouldBeTrue();
        world.Wire.Heal();

        world.Start();
        world.Ready();
        world.Drained(TimeSpan.FromMinutes(1));

        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "S8")]
    public void Two_hundred_starts_and_stops_leave_no_actor_and_no_file_open()
    {
        using var world = new ProfileWorld(start: false);
        var files = 0;
        for (var cycle = 0; cycle < 200; cycle++)
        {
            world.Start();
            world.Ready();
            world.Stop().Clean.ShouldBeTrue();
            Gone(world).ShouldBeTrue();
            files = cycle == 10 ? OpenFiles(world) : files;
        }

        OpenFiles(world).ShouldBe(files);
        OpenFiles(world).ShouldBe(0);
    }

    private static bool Gone(ProfileWorld world) =>
        world.World.RunUntil(() => world.Find("akka://world/user/actorsync").IsNobody(), TimeSpan.FromSeconds(1));

    private static int OpenFiles(ProfileWorld world) =>
        Directory.Exists("/proc/self/fd")
            ? Directory
                .GetFiles("/proc/self/fd")
                .Count(fd => (new FileInfo(fd).LinkTarget ?? "").StartsWith(world.Folder, StringComparison.Ordinal))
            : 0;
}
