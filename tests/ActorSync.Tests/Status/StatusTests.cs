using System.Globalization;
using ActorSync.Model;
using ActorSync.Status;
using ActorSync.Tests.Runtime;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Status;

public sealed class StatusTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(45)]
    [InlineData(60)]
    [InlineData(300)]
    [Trait("criterion", "H3")]
    public void An_idle_hour_shows_green_at_every_sample_once_the_hub_has_answered(int seconds)
    {
        using var world = new ProfileWorld(
            hocon: $$"""
            actorsync.drain {
              preset = slow
              presets.slow { priority-interval = {{seconds}}s, bulk-interval = {{seconds}}s, notify = on, pull-interval = {{seconds}}s }
            }
            """
        );
        world.World.Run(TimeSpan.FromSeconds(1));

        for (var sample = 0; sample < 360; sample++)
        {
            var health = world.Status().Health;
            health.State.ShouldBe("OK", string.Create(CultureInfo.InvariantCulture, $"sample {sample}: {health}"));
            world.World.Run(TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    [Trait("criterion", "H3")]
    public void A_frozen_lane_shows_though_the_other_one_lives_and_its_last_numbers_were_good()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(10));
        world.Status().Health.State.ShouldBe("OK");

        // It never looks again, and does not fall either.
        ((LocalActorRef)world.Child("sync/drain-bulk")).Suspend();
        world.World.Run(TimeSpan.FromSeconds(60 + 30 + 15));

        var health = world.Status().Health;
        health.State.ShouldBe("STALE");
        health.Lanes["bulk"].State.ShouldBe("STALE");
        health.Lanes["priority"].State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "H3")]
    public void Green_ends_with_its_lease_when_the_hub_falls_silent()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(10));
        world.Wire.IsDown = true;
        world.Wire.Silent = 1;

        world.World.Run(TimeSpan.FromSeconds(70));

        (world.Status().Health.State == "OK").ShouldBeFalse();
        world.Wire.Heal();
        world.World.Run(TimeSpan.FromMinutes(6));
        world.Status().Health.State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "H6")]
    public void A_journal_that_is_down_is_never_shown_as_an_empty_queue()
    {
        using var world = new ProfileWorld();
        world.Wire.IsDown = true;
        world.Enqueue(3);
        world.Status().Queue.Pending.ShouldBe(3);
        world.World.Node.Crash(world.Child("journal"));
        world.World.RunUntil(() => world.Journal.Actor is null).ShouldBeTrue();

        var status = world.Status();

        status.Health.State.ShouldBe("ERR");
        status.Health.Reason.ShouldContain("journal");
        status.Queue.Pending.ShouldNotBe(0);
    }

    [Fact]
    [Trait("criterion", "H4")]
    public void Explain_names_where_an_operation_is_and_why()
    {
        using var world = new ProfileWorld();
        world.Hub.Account.Refuse = op => op.EntityId == "bad" ? ("invalid_payload", "no such colour") : null;
        world.Change("mode", "local");
        var ids = world.Enqueue(ProfileWorld.Operation("bad"), ProfileWorld.Operation("bad"), ProfileWorld.Operation("good"));
        Cause(world, ids[2]).ShouldBe(("pending", "local_mode"));

        world.Wire.IsDown = true;
        world.Change("mode", "hybrid");
        world.World.Run(TimeSpan.FromSeconds(1));
        Cause(world, ids[2]).ShouldBe(("pending", "backoff"));
        Explain(world, ids[2]).NextTry.ShouldNotBeNull();

        world.Wire.Heal();
        world.Drained(TimeSpan.FromMinutes(1));
        Cause(world, ids[0]).ShouldBe(("dead", "refused"));
        Explain(world, ids[0]).HubSaid!.ShouldContain("no such colour");
        Cause(world, ids[1]).ShouldBe(("parked", "blocked"));
        Cause(world, ids[2]).ShouldBe(("delivered", "delivered"));
        Cause(world, "01890000-0000-7000-8000-0000000000ff").ShouldBe(("unknown", "not_here"));

        world.Wire.MinLatency = world.Wire.MaxLatency = TimeSpan.FromSeconds(2);
        var flying = world.Enqueue(1, prefix: "flying")[0];
        world.World.Run(TimeSpan.FromSeconds(1));
        Cause(world, flying).ShouldBe(("in_flight", "next_pass"));

        world.Wire.MinLatency = world.Wire.MaxLatency = TimeSpan.FromMilliseconds(5);
        world.Drained();
        world.Announce(token: null, generation: 2);
        var signedOut = world.Enqueue(1, prefix: "signed-out")[0];
        Cause(world, signedOut).ShouldBe(("pending", "no_credential"));
    }

    [Fact]
    [Trait("criterion", "H4")]
    public void What_the_journal_does_not_hold_any_more_the_hub_is_asked_for()
    {
        using var world = new ProfileWorld();
        Cause(world, "01890000-0000-7000-8000-000000000001").ShouldBe(("delivered", "delivered"));
        world.Wire.IsDown = true;
        Explain(world, "01890000-0000-7000-8000-000000000001").Text.ShouldContain("could not be asked");
    }

    [Fact]
    public void The_numbers_of_the_snapshot_are_those_of_what_happened()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 10");
        world.Hub.Account.Refuse = op => op.EntityId == "n3" ? ("invalid_payload", "no") : null;
        world.Enqueue(25);
        world.DrainNow();
        // The lane's actor is made again: what it did is not forgotten.
        world.World.Node.Crash(world.Child("sync/drain-priority"));
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Enqueue(5, Lane.Bulk, "b");
        world.DrainNow();

        var status = world.Status();

        status.Drain.Accepted.ShouldBe(29);
        status.Drain.Rejected.ShouldBe(1);
        status.Drain.Batches.ShouldBeGreaterThanOrEqualTo(4);
        status.Queue.ShouldBe(new QueueView(0, status.Queue.Bytes, null, 1, 0, world.Options.Journal.MaxOperations));
        status.Hub.ShouldBe(ProfileWorld.HubAddress.ToString());
        status.Mode.ShouldBe("hybrid");
        status.Auth.Account.ShouldBe("ada");
        status.DeviceId.ShouldBe(world.Device!.Value.Value);
        status.Clock.Lamport.ShouldBe(world.Counts().Clock);
        status.Drain.LastSuccessAt.ShouldNotBeNull();
    }

    private static (string Where, string Cause) Cause(ProfileWorld world, string id)
    {
        var explanation = Explain(world, id);
        explanation.Text.ShouldNotBeNullOrWhiteSpace();
        return (explanation.Where, explanation.Cause);
    }

    private static Explanation Explain(ProfileWorld world, string id) =>
        world.Ask<Explanation>(world.Profile, asker => new StatusProtocol.Explain(new OperationId(Guid.Parse(id)), asker));
}
