using ActorSync.Auth;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

public sealed class SyncTests
{
    [Fact]
    [Trait("criterion", "D14")]
    public void Local_mode_makes_no_traffic_in_an_hour_and_keeps_everything()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
        var before = world.Hub.Exchanges.Count;

        for (var i = 0; i < 60; i++)
        {
            world.Enqueue(2, prefix: $"m{i}-");
            world.World.Run(TimeSpan.FromMinutes(1));
        }

        world.Hub.Exchanges.Count.ShouldBe(before);
        world.Counts().Pending.ShouldBe(120);
        world.DrainNow().Stopped.ShouldBe("Local");
        world.Status().Health.State.ShouldBe("OFF");
        world.Change("mode", "hybrid");
        world.Drained();
        world.AtHub.Length.ShouldBe(120);
    }

    [Fact]
    [Trait("criterion", "D14")]
    public void An_unknown_stored_mode_reads_as_local()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Change("mode", "sideways");
        world.Enqueue(3);
        var before = world.Hub.Exchanges.Count;

        world.World.Run(TimeSpan.FromMinutes(10));

        world.Hub.Exchanges.Count.ShouldBe(before);
        world.DrainNow().Stopped.ShouldBe("Local");
    }

    [Theory]
    [InlineData("local")]
    [InlineData("sign-out")]
    [Trait("criterion", "D14")]
    public void Leaving_in_the_middle_of_a_pass_lets_at_most_the_request_in_flight_end(string how)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var world = new ProfileWorld(seed, hocon: "actorsync.drain.max-operations = 10");
            world.Enqueue(1_000, Lane.Bulk);
            world.Enqueue(200, prefix: "p");
            world.World.RunUntil(() => world.Pushed.Count() > 5 + seed).ShouldBeTrue();

            if (how == "local")
            {
                world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
            }
            else
            {
                world.Ask<AuthProtocol.SignedOut>(world.Profile, asker => new AuthProtocol.SignOut(asker));
            }

            // The answer comes when no lane works under the older orders any more: not one request leaves after it.
            var sent = world.Sent;
            world.World.Run(TimeSpan.FromMinutes(5));
            world.Sent.ShouldBe(sent, $"seed {seed}");
            var pending = world.Counts().Pending;
            pending.ShouldBe(1_200 - world.AtHub.Length, "what the request in flight brought is booked");
        }
    }

    [Fact]
    [Trait("criterion", "D14")]
    public void However_often_the_mode_changes_no_request_leaves_after_the_answer()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            using var world = new ProfileWorld(seed, hocon: "actorsync.drain.max-operations = 1");
            // So fast that there is always something on its way between the actors.
            world.Wire.MinLatency = world.Wire.MaxLatency = TimeSpan.FromMicroseconds(10);
            world.Enqueue(800, Lane.Bulk);
            world.Enqueue(800);
            for (var change = 0; change < 25; change++)
            {
                world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
                var sent = world.Sent;
                world.World.Run(TimeSpan.FromMilliseconds(50));
                world.Sent.ShouldBe(sent, $"seed {seed}, change {change}");
                world.Change("mode", "hybrid");
                world.World.Run(TimeSpan.FromMilliseconds(world.World.Random.NextDouble() * 5));
            }

            world.Sent.ShouldBeGreaterThan(50, "it was at work in between");
        }
    }

    [Fact]
    [Trait("criterion", "D15")]
    public void Every_skipped_pass_carries_its_reason_and_is_never_shown_as_in_sync()
    {
        using var world = new ProfileWorld(hocon: "actorsync.hub = \"\"");
        world.Announce(token: null, generation: 2);
        world.Enqueue(1);
        world.DrainNow().Stopped.ShouldBe("NoServer");
        world.Status().Health.State.ShouldBe("OFF");

        world.Change("hub", ProfileWorld.HubAddress.ToString());
        world.DrainNow().Stopped.ShouldBe("NoCredential");
        world.Status().Health.State.ShouldBe("OFF");

        world.Announce(token: null, generation: 2, problem: "the store cannot be read");
        world.DrainNow().Stopped.ShouldBe("Paused");
        world.Status().Health.State.ShouldBe("PAUSED");

        world.Announce(world.NewToken(), generation: 3, hub: new Uri("https://other.test"));
        world.DrainNow().Stopped.ShouldBe("NoCredential", "a token is never sent to another hub");
        world.Hub.Exchanges.ShouldBeEmpty();

        world.Announce(world.NewToken(), generation: 4);
        world.Drained();
        world.AtHub.Length.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "Q8")]
    public void What_was_made_while_nothing_could_be_sent_is_sent_later_in_order()
    {
        using var world = new ProfileWorld();
        world.Announce(token: null, generation: 2);
        var ids = world.Enqueue(5, prefix: "signed-out").ToList();
        world.Change("mode", "local");
        ids.AddRange(world.Enqueue(5, prefix: "local"));
        world.Wire.IsDown = true;
        world.Change("mode", "hybrid");
        world.Announce(world.NewToken(), generation: 3);
        ids.AddRange(world.Enqueue(5, prefix: "offline"));
        world.World.Run(TimeSpan.FromMinutes(5));
        world.AtHub.ShouldBeEmpty();
        world.Wire.IsDown = false;

        world.Drained(TimeSpan.FromMinutes(10));

        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    public void A_new_preset_is_in_force_at_once()
    {
        using var world = new ProfileWorld();
        world.Change("preset", "saver");
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Enqueue(1);
        world.World.Run(TimeSpan.FromSeconds(5));
        world.AtHub.ShouldBeEmpty("saver is not woken by an enqueue");

        world.Change("preset", "fast");
        world.World.RunUntil(() => world.AtHub.Length == 1, TimeSpan.FromSeconds(2)).ShouldBeTrue();
    }
}
