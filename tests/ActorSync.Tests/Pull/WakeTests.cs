using ActorSync.Journal;
using ActorSync.Pull;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

public sealed class WakeTests
{
    private const string Seldom = "actorsync.drain.presets.balanced.pull-interval = 1h";

    private FakeWake? _wake;

    [Fact]
    [Trait("criterion", "P2")]
    public void What_the_socket_tells_of_is_here_at_once()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Elsewhere("x", 5, "1");
        world.Hub.Announce();

        world.World.Run(TimeSpan.FromSeconds(1));

        world.Note("x").ShouldNotBeNull();
    }

    [Fact]
    [Trait("criterion", "P2")]
    public void A_thousand_notices_are_a_handful_of_fetches()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        var before = world.Pages().Count();
        for (var i = 0; i < 1000; i++)
        {
            world.Elsewhere($"n{i}", i + 5, "1");
            world.Hub.Announce();
        }

        world.World.Run(TimeSpan.FromSeconds(2));

        world.Counts().Position.ShouldBe(world.Hub.Account.LastId);
        (world.Pages().Count() - before).ShouldBeInRange(2, 8);
    }

    [Fact]
    public void What_this_device_pushed_itself_is_not_fetched_again()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        var before = world.Pages().Count();
        for (var i = 0; i < 50; i++)
        {
            world.Enqueue(ProfileWorld.Operation($"n{i}"));
            world.World.Run(TimeSpan.FromMilliseconds(100));
        }

        world.Drained();
        world.World.Run(TimeSpan.FromSeconds(5));

        world.Pages().Count().ShouldBe(before);
        world.Counts().Position.ShouldBe(world.Hub.Account.LastId);
    }

    [Fact]
    [Trait("criterion", "P2")]
    [Trait("criterion", "P3")]
    public void A_socket_that_died_in_silence_is_found_and_what_was_missed_comes_with_the_next_one()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Wire.KillsSockets = 1;
        world.Elsewhere("x", 5, "1");
        world.Hub.Announce();
        world.World.Run(TimeSpan.FromSeconds(70));
        world.Note("x").ShouldBeNull("nobody was told");
        world.Wire.KillsSockets = 0;

        world.World.Run(TimeSpan.FromSeconds(15));

        world.Note("x").ShouldNotBeNull();
        _wake!.Opened.ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "P3")]
    [Trait("criterion", "D14")]
    public void The_socket_is_closed_with_the_gate_and_opened_with_it()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        _wake!.Open.ShouldBe(1);

        world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
        world.World.Run(TimeSpan.FromSeconds(1));
        var opened = _wake.Opened;
        _wake.Open.ShouldBe(0);
        world.World.Run(TimeSpan.FromHours(1));
        (_wake.Open, _wake.Opened).ShouldBe((0, opened));
        world.Change("mode", "hybrid").ShouldBeOfType<JournalProtocol.Settings>();
        world.World.Run(TimeSpan.FromSeconds(5));

        _wake.Open.ShouldBe(1);
    }

    [Fact]
    public void A_hub_without_sockets_is_asked_for_one_less_and_less_often()
    {
        using var world = Start();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Wire.LosesRequest = 1;
        world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
        world.Change("mode", "hybrid").ShouldBeOfType<JournalProtocol.Settings>();

        world.World.Run(TimeSpan.FromHours(1));

        world.Wire.Struck["socket refused"].ShouldBeInRange(8, 60);
    }

    private ProfileWorld Start()
    {
        ProfileWorld world = null!;
        world = new ProfileWorld(hocon: Seldom, start: false, children: children => children with { Pull = MakeOne });
        world.Start();
        world.Ready();
        return world;

        Akka.Actor.Props MakeOne(PullSetup setup, PullProtocol.Orders orders)
        {
            _wake ??= new FakeWake(world.World.Node, world.Hub, world.Wire);
            return PullActor.Props(setup with { Wake = _wake }, orders);
        }
    }
}
