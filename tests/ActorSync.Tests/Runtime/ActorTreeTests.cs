using ActorSync.Restart;
using ActorSync.TestKit;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

/// <summary>The live tree as somebody at another console sees it.</summary>
public sealed class ActorTreeTests
{
    [Fact]
    [Trait("criterion", "S5")]
    public void A_child_that_backs_off_is_shown_with_its_error_its_restarts_and_its_next_try()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        Node(world, "sync/drain-bulk").State.ShouldNotBe("backing_off");

        world.World.Node.Crash(world.Child("sync/drain-bulk"));
        world.World.RunUntil(() => world.Child("sync/drain-bulk").IsNobody()).ShouldBeTrue();
        var down = Node(world, "sync/drain-bulk");
        world.World.Run(TimeSpan.FromMinutes(1));
        var up = Node(world, "sync/drain-bulk");

        down.State.ShouldBe("backing_off");
        down.Mailbox.ShouldBeNull();
        down.Restarts.ShouldBe(1);
        down.LastError.ShouldNotBeNull().ShouldContain("injected crash");
        down.NextTry.ShouldNotBeNull();
        (up.State, up.Restarts, up.Mailbox, up.NextTry).ShouldBe(("Resting", 1, 0, null));
        up.LastError.ShouldBe(down.LastError);
    }

    [Fact]
    public void The_state_is_the_one_that_the_actor_is_in()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));

        Node(world, "").State.ShouldBe("Running");
        Node(world, "journal").State.ShouldBe("running");
        world.Child("journal").Tell(PoisonPill.Instance, ActorRefs.NoSender);
        world.World.RunUntil(() => world.Child("journal").IsNobody()).ShouldBeTrue();
        Node(world, "journal").State.ShouldBe("backing_off");
        world.Stop();
        world.World.Run(TimeSpan.FromSeconds(1));
        ActorTree.Read(world.World.System, "/user/actorsync").ShouldBeNull();
    }

    [Fact]
    public void What_waits_in_a_mailbox_is_counted_while_the_actor_does_not_get_to_it()
    {
        using var world = new World(1);
        var actor = world.System.ActorOf(Props.Create(() => new BlackHole()), "busy");
        world.Run(TimeSpan.FromSeconds(1));

        for (var i = 0; i < 7; i++)
        {
            actor.Tell(i, ActorRefs.NoSender);
        }

        ActorTree.Read(world.System, "/user/busy")!.Mailbox.ShouldBe(7);
        world.Run(TimeSpan.FromSeconds(1));
        ActorTree.Read(world.System, "/user/busy")!.Mailbox.ShouldBe(0);
    }

    private static ActorNode Node(ProfileWorld world, string below)
    {
        var path = $"/user/actorsync/profiles/default/{below}".TrimEnd('/');
        return ActorTree.Read(world.World.System, "/user/actorsync")!.All.Single(node => node.Path == path);
    }

    private sealed class BlackHole : UntypedActor
    {
        protected override void OnReceive(object message) { }
    }
}
