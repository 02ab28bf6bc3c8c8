using ActorSync.Model;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

public sealed class LaneTests
{
    [Fact]
    [Trait("criterion", "D16")]
    public void An_urgent_operation_is_acked_among_the_next_two_requests_of_a_deep_bulk_queue()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 200");
        world.Enqueue(10_000, Lane.Bulk);
        world.World.RunUntil(() => world.Pushed.Count() == 5).ShouldBeTrue();
        var urgent = world.Enqueue(1, prefix: "urgent")[0];
        var before = world.Pushed.Count();

        world.World.RunUntil(() => world.AtHub.Contains(urgent)).ShouldBeTrue();

        (world.Pushed.Count() - before).ShouldBeLessThanOrEqualTo(2);
        world.Counts().Bulk.Pending.ShouldBeGreaterThan(5_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [Trait("criterion", "D7")]
    public void A_healthy_run_with_both_lanes_busy_makes_no_regression(int seed)
    {
        using var world = new ProfileWorld(seed, hocon: "actorsync.drain.max-operations = 20");
        world.Wire.MinLatency = TimeSpan.FromMilliseconds(1);
        world.Wire.MaxLatency = TimeSpan.FromMilliseconds(30);
        var ids = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            ids.AddRange(world.Enqueue(30, Lane.Bulk, $"b{i}-"));
            world.World.Run(TimeSpan.FromMilliseconds(world.World.Random.Next(15)));
            ids.AddRange(world.Enqueue(2, prefix: $"p{i}-"));
        }

        world.Drained();

        world.AtHub.ShouldBe(ids, ignoreOrder: true);
        world.Hub.Pushes.Count(push => push.Status == 409).ShouldBe(0);
        world.Applied.Count().ShouldBe(ids.Count);
    }

    [Fact]
    [Trait("criterion", "D16")]
    public void The_order_of_a_key_is_kept_across_lanes()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 10");
        world.Wire.IsDown = true;
        var ids = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            ids.AddRange(
                world.Enqueue(
                    ProfileWorld.Operation("same", i % 3 == 0 ? Lane.Priority : Lane.Bulk),
                    ProfileWorld.Operation($"o{i}", Lane.Bulk)
                )
            );
        }

        world.Wire.IsDown = false;
        world.Drained(TimeSpan.FromMinutes(10));

        world.Ours.Where(op => op.EntityId == "same").Select(op => op.OperationId).ShouldBe(ids.Where((_, i) => i % 2 == 0));
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_restored_journal_drains_within_two_passes_and_two_lanes_shift_once()
    {
        using var world = new ProfileWorld();
        world.Enqueue(20);
        world.Drained();
        // The hub has seen more of this device than the journal knows: what a restored copy of the file looks like.
        world.Hub.Next(Misbehaviour.Regression(storedMax: 500), times: 2);
        var ids = world.Enqueue([
            .. Enumerable.Range(0, 10).Select(i => ProfileWorld.Operation($"x{i}", i % 2 == 0 ? Lane.Priority : Lane.Bulk)),
        ]);

        world.Drained();

        world.AtHub[20..].ShouldBe(ids, ignoreOrder: true);
        world.Ours.Skip(20).ShouldAllBe(op => op.Lamport > 500 && op.Lamport <= 520);
        world.Hub.Pushes.Count(push => push.Status == 409).ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_regression_that_cannot_be_true_is_a_protocol_error_with_backoff()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Regression(storedMax: 1), times: int.MaxValue);
        world.Enqueue(5);

        world.World.Run(TimeSpan.FromMinutes(30));

        world.Pushed.Count().ShouldBeInRange(4, 40);
        world.Status().Drain.LastError!.ShouldContain("clock");
        world.Hub.Behave();
        world.DrainNow().Accepted.ShouldBe(5);
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_hub_whose_greatest_stamp_runs_away_is_not_followed_in_a_loop()
    {
        using var world = new ProfileWorld();
        for (var i = 1; i < 200; i++)
        {
            world.Hub.Next(Misbehaviour.Regression(storedMax: i * 10_000));
        }

        world.Enqueue(5);
        world.World.Run(TimeSpan.FromMinutes(10));

        world.Pushed.Count().ShouldBeLessThan(60);
        world.Counts().Dead.ShouldBe(0);
    }
}
