using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.TestKit.Hubs;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

/// <summary>Answers that speak of a credential that has been replaced, and many that speak of one.</summary>
public sealed class StaleAnswerTests
{
    [Theory]
    [InlineData("/api/v1/sync/ops")]
    [InlineData("/v1/auth/me")]
    [Trait("criterion", "A1")]
    [Trait("criterion", "A2")]
    public void A_held_refusal_of_the_first_pairing_does_nothing_to_the_second(string path)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            using var world = new SignedInWorld(seed);
            var first = world.Store.Content.Access!.Secret;
            world.Hub.RevokeAll();
            world.Hub.Next(new Misbehaviour.Late(TimeSpan.FromSeconds(8)), int.MaxValue, x => x.Bearer == first);
            // The probe goes out before the lanes do: a start-up, or a doubt from beside them.
            world.Tree.Profile.Tell(new SyncProtocol.CredentialDoubted(world.Generation, "token_revoked"), Akka.Actor.ActorRefs.NoSender);
            world.World.RunUntil(() => world.AskedWho > 0).ShouldBeTrue();
            if (path != "/v1/auth/me")
            {
                world.Tree.Enqueue(3);
                world.World.RunUntil(() => world.Hub.Pushes.Any()).ShouldBeTrue();
            }

            var second = world.Pair();
            world.World.Run(TimeSpan.FromSeconds(20));
            world.Tree.Enqueue(2, prefix: "later");
            world.Tree.Drained();

            world.Generation.ShouldBe(second.Generation, $"seed {seed}");
            world.Store.Content.Loss.ShouldBeNull();
            world.World.Run(TimeSpan.FromSeconds(40));
            world.Tree.Status().Health.State.ShouldBe("OK");
            world.Listener.Heard.OfType<ActorSync.Events.SyncPaused>().ShouldBeEmpty();
            world.Renewals.ShouldBe(0);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("criterion", "A3")]
    public void A_hundred_reconfigurations_at_once_leave_one_send_a_lane_and_no_older_generation(int seed)
    {
        using var world = new SignedInWorld(seed, hocon: "actorsync.drain.max-operations = 1");
        world.Tree.Wire.MinLatency = world.Tree.Wire.MaxLatency = TimeSpan.FromMilliseconds(1);
        world.Tree.Enqueue(300, Lane.Bulk);
        world.Tree.Enqueue(300, prefix: "p");
        var asker = world.World.Probe("many");
        string[] presets = ["fast", "balanced", "saver"];
        for (var i = 0; i < 100; i++)
        {
            object change =
                i % 10 == 9
                    ? new AuthProtocol.Pair(ActorSync.Tests.Runtime.ProfileWorld.HubAddress, world.Hub.NewPairingCode(), "tests", asker.Ref)
                    : new SyncProtocol.ChangeSettings(
                        System.Collections.Immutable.ImmutableSortedDictionary<string, string?>.Empty.Add(
                            i % 3 == 0 ? "mode" : "preset",
                            i % 3 == 0 ? (i % 2 == 0 ? "local" : "hybrid") : presets[i % 3]
                        ),
                        asker.Ref
                    );
            world.World.At(TimeSpan.FromMilliseconds(world.World.Random.NextDouble() * 20), () => asker.Send(world.Tree.Profile, change));
        }

        world.World.RunUntil(() => asker.Received.Count == 100, TimeSpan.FromSeconds(30)).ShouldBeTrue();
        world.Tree.Change("mode", "hybrid");
        world.Tree.Change("preset", "fast");
        var newest = world.Store.Content.Access!.Secret;
        var after = world.Hub.Exchanges.Count;
        world.Tree.Drained(TimeSpan.FromMinutes(2));

        world.Tree.AtHub.Length.ShouldBe(600);
        world.Tree.Applied.Count().ShouldBe(600, "none twice");
        // What had arrived at the hub before the last answer is over; one that was on the wire may still be of the one before.
        world.Hub.Pushes.Skip(1).Count().ShouldBeGreaterThan(100);
        world.Hub.Exchanges.Skip(after + 1).Where(x => x.Request.IsPush).ShouldAllBe(x => x.Request.Bearer == newest);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("criterion", "A4")]
    public void Twenty_refusals_at_once_of_lanes_verbs_and_others_make_one_refresh(int seed)
    {
        using var world = new SignedInWorld(seed, accessLife: TimeSpan.FromMinutes(10));
        var old = world.Store.Content.Access!.Secret;
        world.Hub.Next(Misbehaviour.Auth(401, "token_expired"), int.MaxValue, x => x.Bearer == old);
        world.Tree.Enqueue(5);
        world.Tree.Enqueue(5, Lane.Bulk, "b");
        var asker = world.World.Probe("verbs");
        for (var i = 0; i < 20; i++)
        {
            // What the journal does not hold the hub is asked for.
            asker.Send(
                world.Tree.Profile,
                new ActorSync.Status.StatusProtocol.Explain(new OperationId(new Guid(i + 1, 0, 0, new byte[8])), asker.Ref)
            );
            world.Tree.Profile.Tell(new SyncProtocol.CredentialDoubted(world.Generation, "token_expired"), asker.Ref);
        }

        world.Tree.Drained();
        world.World.RunUntil(() => asker.Received.OfType<Explanation>().Count() == 20).ShouldBeTrue();

        world.Renewals.ShouldBe(1);
        world.Generation.ShouldBe(new CredentialGeneration(2));
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Tree.Status().Health.State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "A11")]
    public void After_an_unpairing_nothing_leaves_but_the_word_of_it()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            using var world = new SignedInWorld(seed, hocon: "actorsync.drain.max-operations = 5");
            world.Tree.Enqueue(400);
            world.World.RunUntil(() => world.Hub.Pushes.Count() > seed).ShouldBeTrue();

            world.Tree.Ask<AuthProtocol.SignedOut>(world.Tree.Profile, asker => new AuthProtocol.Unpair(asker));
            var sent = world.Tree.Sent;
            world.World.Run(TimeSpan.FromHours(1));

            world.Tree.Sent.ShouldBe(sent);
            world.Asked("/v1/auth/devices/self").ShouldBe(1);
            world.Store.Content.Debt.ShouldBeNull();
            world.Tree.Status().Health.State.ShouldBe("OFF");
            (world.Tree.Counts().Pending + world.Tree.AtHub.Length).ShouldBe(400);
            world.Tree.Status().Hub.ShouldBe(ActorSync.Tests.Runtime.ProfileWorld.HubAddress.ToString());
        }
    }

    [Fact]
    [Trait("criterion", "A13")]
    [Trait("criterion", "H2")]
    public void Ten_minutes_with_tokens_of_ninety_seconds_see_no_refusal_and_are_green_throughout()
    {
        using var world = new SignedInWorld(accessLife: TimeSpan.FromSeconds(90));
        world.World.Run(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 60; i++)
        {
            world.Tree.Enqueue(1, prefix: $"m{i}-");
            world.World.Run(TimeSpan.FromSeconds(10));
            world.Tree.Status().Health.State.ShouldBe("OK");
        }

        world.Hub.Exchanges.Count(x => x.Status == 401).ShouldBe(0);
        world.Renewals.ShouldBeInRange(6, 20);
        world.Tree.Counts().Pending.ShouldBe(0);
    }
}
