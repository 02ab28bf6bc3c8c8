using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

/// <summary>How soon a lane tries again, and how late.</summary>
public sealed class PacingTests
{
    [Fact]
    [Trait("criterion", "D11")]
    [Trait("criterion", "D10")]
    public void A_busy_hub_burns_nothing_and_its_wish_is_kept()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Busy(429, "40"));
        world.Enqueue(3);

        var report = world.DrainNow();
        var sent = world.World.Elapsed;

        report.Stopped.ShouldNotBeNull();
        world.Counts().Dead.ShouldBe(0);
        world.Drained(TimeSpan.FromMinutes(5));
        (world.World.Elapsed - sent).ShouldBeInRange(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(46));
        world.Pushed.Count().ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "D2")]
    public void A_notice_during_backoff_does_not_bypass_it_and_a_person_gets_one_try()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Busy(503, "600"), times: 2);
        world.Enqueue(1);
        world.DrainNow();

        world.Enqueue(1, prefix: "later");
        world.World.Run(TimeSpan.FromSeconds(60));
        world.Pushed.Count().ShouldBe(1);

        world.DrainNow(force: false).Stopped.ShouldBe("Backoff");
        world.Pushed.Count().ShouldBe(1);
        world.DrainNow().Stopped.ShouldNotBeNull();
        world.Pushed.Count().ShouldBe(2);
        world.DrainNow().Stopped.ShouldBeNull();
        world.Counts().Pending.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "D10")]
    public void Attempts_count_real_attempts_only()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Busy(503), times: 3);
        world.Enqueue(1);
        world.World.RunUntil(() => world.Pushed.Count() == 3, TimeSpan.FromMinutes(2)).ShouldBeTrue();
        world.World.Run(TimeSpan.FromMilliseconds(50));

        world.Rows(RowState.Pending).ShouldHaveSingleItem().Attempts.ShouldBe(3);
    }

    [Fact]
    [Trait("criterion", "D20")]
    public void A_full_page_is_followed_by_the_next_one_at_once()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 100");
        world.Enqueue(5_000, Lane.Bulk);
        world.World.RunUntil(() => world.Pushed.Count() == 1);
        var start = world.World.Elapsed;

        world.World.RunUntil(() => world.AtHub.Length == 5_000, TimeSpan.FromMinutes(1)).ShouldBeTrue();

        // 49 more requests, each a round trip of 10 ms and one of the heartbeats.
        (world.World.Elapsed - start).ShouldBeLessThan(TimeSpan.FromMilliseconds(49 * 10 * 1.2));
    }
}
