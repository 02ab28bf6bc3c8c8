using System.Text;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

/// <summary>A foreign hub that refuses a whole request for one operation in it.</summary>
public sealed class RefusedWholeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(99)]
    [InlineData(128)]
    [InlineData(199)]
    [Trait("criterion", "D5")]
    public void One_poison_of_200_is_found_within_the_bound_and_the_others_land(int poison)
    {
        using var world = new ProfileWorld();
        Poison(world, $"n{poison}");
        var ids = world.Enqueue(200);

        world.DrainNow();

        world.AtHub.ShouldBe(ids.Where(id => id != ids[poison]));
        world.Rows(RowState.Dead).ShouldHaveSingleItem().OperationId.ToString().ShouldBe(ids[poison]);
        world.Pushed.Count().ShouldBeLessThanOrEqualTo(1 + (2 * 8) + 2);
    }

    [Fact]
    [Trait("criterion", "D5")]
    public void Later_operations_of_the_poisons_key_are_parked_and_others_go_on()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 8");
        Poison(world, "bad");
        var ids = world.Enqueue([
            .. Enumerable.Range(0, 24).Select(i => ProfileWorld.Operation(i is 3 or 6 or 12 or 20 ? "bad" : $"n{i}")),
        ]);

        world.DrainNow();
        var later = world.Enqueue(ProfileWorld.Operation("bad"), ProfileWorld.Operation("good"));
        world.DrainNow();

        world.Rows(RowState.Dead).Select(row => row.OperationId.ToString()).ShouldBe([ids[3]]);
        world.Rows(RowState.Parked).Select(row => row.OperationId.ToString()).ShouldBe([ids[6], ids[12], ids[20], later[0]]);
        world.Counts().Pending.ShouldBe(0);
        world.AtHub.ShouldBe([.. ids.Where((_, i) => i is not (3 or 6 or 12 or 20)), later[1]]);
        world.Pushed.ShouldAllBe(push => !push.Any(id => id == later[0]));
        var before = world.Pushed.Count();
        world.World.Run(TimeSpan.FromMinutes(5));
        world.Pushed.Count().ShouldBe(before, "a dead letter is left alone");
    }

    [Fact]
    [Trait("criterion", "D6")]
    public void A_hub_that_refuses_everything_kills_nothing_and_the_lane_names_the_operation()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.RefusesWhole(), times: int.MaxValue);
        var ids = world.Enqueue(100);

        var report = world.DrainNow();

        report.Stopped!.ShouldContain(ids[0]);
        world.Counts().Dead.ShouldBe(0);
        world.Counts().Pending.ShouldBe(100);
        var health = world.Status().Health.Lanes["priority"];
        health.State.ShouldBe("ERR");
        health.Reason.ShouldContain(ids[0]);
        health.Reason.ShouldContain("queue park");
        var count = world.Pushed.Count();
        world.World.Run(TimeSpan.FromMinutes(60));
        world.Pushed.Count().ShouldBeLessThan(count * 60, "the backoff grows");
        world.Hub.Behave();
        world.DrainNow().Accepted.ShouldBe(100);
        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "D6")]
    public void An_operation_that_is_set_aside_by_hand_lets_the_others_pass()
    {
        using var world = new ProfileWorld();
        Poison(world, "n0");
        var ids = world.Enqueue(1);
        world.DrainNow().Stopped!.ShouldContain(ids[0]);
        world.Counts().Dead.ShouldBe(0);

        world.AskJournal<JournalProtocol.Changed>(asker => new JournalProtocol.ParkOperation(new OperationId(Guid.Parse(ids[0])), asker));
        var others = world.Enqueue(3, prefix: "other");
        world.DrainNow();

        world.AtHub.ShouldBe(others);
        world.Counts().Dead.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "D5")]
    public void Several_poisons_are_found_one_by_one()
    {
        using var world = new ProfileWorld();
        Poison(world, "n3", "n50", "n51", "n120");
        var ids = world.Enqueue(128);

        world.DrainNow();

        world.Rows(RowState.Dead).Select(row => row.EntityId).ShouldBe(["n3", "n50", "n51", "n120"]);
        world.AtHub.ShouldBe(ids.Where((_, i) => i is not (3 or 50 or 51 or 120)));
    }

    private static void Poison(ProfileWorld world, params string[] entityIds) =>
        world.Hub.Next(
            Misbehaviour.RefusesWhole(),
            times: int.MaxValue,
            when: push =>
                push.IsPush
                && entityIds.Any(id => Encoding.UTF8.GetString(push.Body).Contains($"\"entity_id\":\"{id}\"", StringComparison.Ordinal))
        );
}
