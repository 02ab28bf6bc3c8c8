using ActorSync.Model;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

public sealed class DrainTests
{
    [Fact]
    [Trait("criterion", "D1")]
    public void Triggers_that_come_together_make_one_pass_and_each_operation_is_sent_once()
    {
        using var world = new ProfileWorld();
        var ids = world.Enqueue(10);
        for (var i = 0; i < 5; i++)
        {
            world.Profile.Tell(
                new ActorSync.Sync.SyncProtocol.DrainNow(Force: true, world.World.Probe().Ref),
                Akka.Actor.ActorRefs.NoSender
            );
        }

        world.Drained();

        world.Pushed.SelectMany(push => push).ShouldBe(ids);
        world.AtHub.ShouldBe(ids);
        world.World.Strays.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "D2")]
    public void Ten_thousand_operations_go_from_one_trigger_in_full_pages()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 500");
        var ids = world.Enqueue(10_000, Lane.Bulk);

        world.DrainNow(within: TimeSpan.FromMinutes(5)).Accepted.ShouldBe(10_000);

        world.AtHub.ShouldBe(ids);
        world.Pushed.Count().ShouldBeLessThanOrEqualTo(21);
    }

    [Fact]
    [Trait("criterion", "D2")]
    public void An_enqueue_reaches_the_hub_within_a_second()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(2.5));

        var ids = world.Enqueue(1);

        world.World.RunUntil(() => world.AtHub.Length == 1, TimeSpan.FromSeconds(1)).ShouldBeTrue();
        world.AtHub.ShouldBe(ids);
    }
}
