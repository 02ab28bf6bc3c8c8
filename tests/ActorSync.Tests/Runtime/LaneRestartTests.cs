using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Runtime;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

public sealed class LaneRestartTests
{
    [Fact]
    [Trait("criterion", "S1")]
    [Trait("criterion", "S5")]
    [Trait("criterion", "S6")]
    public void A_lane_that_falls_is_made_again_with_backoff_counted_and_visible_and_never_given_up()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        var row = Supervision.For("drain").ShouldHaveSingleItem();
        world.Wire.IsDown = true;
        var ids = world.Enqueue(3, Lane.Bulk);
        for (var failure = 1; failure <= 14; failure++)
        {
            var before = Up(world, "bulk");
            var start = world.World.Elapsed;
            world.World.Node.Crash(before);
            world.World.RunUntil(() => world.Child("sync/drain-bulk").IsNobody(), TimeSpan.FromSeconds(1)).ShouldBeTrue();
            var health = world.Status().Health;
            health.Lanes["bulk"].State.ShouldBe("ERR");
            health.Lanes["bulk"].Reason.ShouldContain("injected crash");
            health.Lanes["bulk"].NextRetry.ShouldNotBeNull();

            world
                .World.RunUntil(() => !world.Child("sync/drain-bulk").IsNobody(), row.Backoff!.Max + TimeSpan.FromSeconds(1))
                .ShouldBeTrue();
            (world.World.Elapsed - start).ShouldBeGreaterThanOrEqualTo(row.Backoff.Floor);
        }

        world.World.Log.Count(LogLevel.WarningLevel, "Actor drain-bulk failed").ShouldBe(14);
        var restarts = world.Status().Restarts;
        restarts.Keys.ShouldBe(["sync/drain-bulk"]);
        (restarts["sync/drain-bulk"].Count, restarts["sync/drain-bulk"].Up).ShouldBe((14, true));
        restarts["sync/drain-bulk"].LastError!.ShouldContain("injected crash");
        world.Wire.Heal();
        world.Drained(TimeSpan.FromMinutes(10));
        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "S6")]
    public void A_lane_over_its_limit_keeps_trying_at_the_cap_and_shows_it()
    {
        using var world = new ProfileWorld(children: children =>
            children with
            {
                Drain = (setup, orders) => setup.Lane == Lane.Bulk ? Props.Create(() => new Falls()) : DrainActor.Props(setup, orders),
            }
        );
        var row = Supervision.For("drain").ShouldHaveSingleItem();
        var lane = world.PathOf("sync/drain-bulk").ToStringWithoutAddress();
        var register = ActorRegister.Of(world.World.System);
        world.World.RunUntil(() => register.ViewOf(lane) is { Exhausted: true }, row.Limit!.Window * 2).ShouldBeTrue("its budget is spent");
        var spent = world.Status().Restarts["sync/drain-bulk"];
        (spent.Count, spent.OverLimit).ShouldBe((row.Limit.Failures + 1, true));
        (spent.NextTry - world.World.Now).ShouldNotBeNull().ShouldBe(row.Backoff!.Max, TimeSpan.FromSeconds(1), "the cap, without chance");
        world.World.Run(TimeSpan.FromHours(2));
        world.World.Log.Clear();

        world.World.Run(TimeSpan.FromHours(1));

        world.World.Log.Count(LogLevel.WarningLevel, "Actor drain-bulk failed").ShouldBeInRange(11, 60);
        var view = world.Status().Restarts["sync/drain-bulk"];
        view.Up.ShouldBeFalse();
        (view.NextTry - world.World.Now).ShouldNotBeNull().ShouldBeLessThanOrEqualTo(row.Backoff!.Max);
        world.Status().Health.Lanes["bulk"].State.ShouldBe("ERR");
        var ids = world.Enqueue(5);
        world.DrainNow().Stopped!.ShouldContain("the lane failed");
        world.AtHub.ShouldBe(ids, "the other lane goes on");
    }

    [Fact]
    [Trait("criterion", "S9")]
    public void A_status_actor_that_fell_shows_what_its_predecessor_was_told()
    {
        using var world = new ProfileWorld();
        world.Enqueue(5);
        world.Enqueue(5, Lane.Bulk);
        world.Drained();
        world.Wire.IsDown = true;
        world.World.Node.Crash(world.Child("sync/drain-bulk"));
        world.World.RunUntil(() => world.Child("sync/drain-bulk").IsNobody(), TimeSpan.FromSeconds(1)).ShouldBeTrue();
        var before = world.Status();

        world.World.Node.Crash(world.Child("status"));
        var after = world.Status();

        (after.Mode, after.Hub, after.Auth, after.Hangar).ShouldBe((before.Mode, before.Hub, before.Auth, before.Hangar));
        (after.Health.State, after.Health.Reason, after.Drain).ShouldBe((before.Health.State, before.Health.Reason, before.Drain));
        after.Health.Lanes["bulk"].Reason.ShouldContain("injected crash");
        after.Health.Lanes["bulk"].NextRetry.ShouldBe(before.Health.Lanes["bulk"].NextRetry);
    }

    [Fact]
    [Trait("criterion", "S5")]
    public void A_normal_return_counts_as_death()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Child("sync/drain-bulk").Tell(PoisonPill.Instance, ActorRefs.NoSender);
        world.Child("journal").Tell(PoisonPill.Instance, ActorRefs.NoSender);
        world.World.RunUntil(() => world.Journal.Actor is null).ShouldBeTrue();

        world.World.Run(TimeSpan.FromSeconds(10));

        var ids = world.Enqueue(3, Lane.Bulk);
        world.Drained(TimeSpan.FromMinutes(1));
        world.AtHub.ShouldBe(ids);
    }

    private static IActorRef Up(ProfileWorld world, string lane)
    {
        world.World.RunUntil(() => !world.Child($"sync/drain-{lane}").IsNobody(), TimeSpan.FromMinutes(6)).ShouldBeTrue();
        return world.Child($"sync/drain-{lane}");
    }

    private sealed class Falls : UntypedActor
    {
        protected override void PreStart() => throw new InvalidOperationException("it always falls");

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
