using ActorSync.Auth;
using ActorSync.Events;
using ActorSync.Hosting;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Sync;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Events;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

/// <summary>How a credential is lost, and how not.</summary>
public sealed class LossTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("criterion", "S4")]
    [Trait("criterion", "A7")]
    public void A_revoked_credential_is_lost_once_with_one_line_one_pause_and_one_cleared_binding(int seed)
    {
        using var world = new SignedInWorld(seed);
        var (told, asked, lines) = (
            world.Listener.Heard.Count,
            world.AskedWho,
            world.World.Log.Count(LogLevel.WarningLevel, "Sync is paused")
        );
        world.Hub.RevokeAll();
        var at = world.World.Now;
        world.Tree.Enqueue(5);
        world.Tree.Enqueue(5, Lane.Bulk, "b");

        world.Loses();
        world.World.Run(TimeSpan.FromMilliseconds(100));

        world.Renewals.ShouldBe(1);
        (world.AskedWho - asked).ShouldBe(1);
        world.Tree.Child("sync/drain-priority").ShouldBe(ActorRefs.Nobody);
        world.Tree.Child("sync/drain-bulk").ShouldBe(ActorRefs.Nobody);
        var status = world.Tree.Status();
        status.Health.State.ShouldBe("PAUSED");
        (status.Auth.State, status.Auth.Account).ShouldBe(("lost", "ada"));
        status.Auth.LostAt!.Value.ShouldBeInRange(at, world.World.Now);
        status.Auth.Reason.ShouldNotBeNull().ShouldContain("revoked the token");
        world.World.Run(TimeSpan.FromHours(2));
        world.World.Log.Count(LogLevel.WarningLevel, "Sync is paused").ShouldBe(lines + 1);
        var heard = world.Listener.Heard.Skip(told).ToList();
        heard.Count.ShouldBe(2, string.Join('\n', heard));
        heard[0].ShouldBeOfType<SyncPaused>().Code.ShouldBe("token_revoked");
        heard[1].ShouldBeOfType<ConfigChanged>().Binding.ShouldBeNull();
        heard[1].At.ShouldBe(heard[0].At);
        world.Tree.Counts().Pending.ShouldBe(10);
        world.Renewals.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "D13")]
    [Trait("criterion", "S3")]
    public void A_second_refusal_that_was_on_its_way_confirms_nothing_only_the_answer_of_who_we_are_does()
    {
        var (now, generation) = (new Moment(TimeSpan.FromMinutes(1), DateTimeOffset.UnixEpoch), new CredentialGeneration(1));
        var binding = new AuthProtocol.Binding(new Uri("https://hub.test"), "ada", "ada", null, CanRefresh: true);
        var options = SyncOptionsReader.Read("data", "actorsync.hub = \"https://hub.test\"");
        var asking = new SyncState(options)
            .With(new AuthProtocol.CredentialChanged(generation, binding, null), now, chance: 0)
            .Refused(generation, 401, "token_expired", "no", now, chance: 0)
            .Judged(new AuthProtocol.Verdict.CannotRenew(generation, "token_expired", "it cannot be renewed"), now, chance: 0);
        asking.Episode.ShouldBeOfType<Episode.Asking>();

        // A lane does not look at clocks, so that what it heard may be no evidence at all.
        var heard = asking.Refused(generation, 401, "token_expired", "no", now, chance: 0);

        heard.Episode.ShouldBeOfType<Episode.Asking>();
        heard.Refused(generation, 401, "token_expired", "no", now, chance: 0, asked: true).Episode.ShouldBeOfType<Episode.Declaring>();
    }

    [Fact]
    [Trait("criterion", "A9")]
    [Trait("criterion", "A10")]
    public void What_was_lost_and_why_is_known_to_the_next_process_and_a_pairing_ends_it()
    {
        using var world = new SignedInWorld();
        world.Hub.RevokeAll();
        world.Tree.Enqueue(3);
        world.Loses();
        var lost = world.Store.Content;

        world.Tree.Stop();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Tree.Start();
        world.Tree.Ready();
        world.World.Run(TimeSpan.FromSeconds(1));

        world.Store.Content.ShouldBe(lost);
        var status = world.Tree.Status();
        (status.Health.State, status.Auth.State, status.Auth.LostAt).ShouldBe(("PAUSED", "lost", lost.Loss!.At));
        status.Auth.Reason.ShouldNotBeNull().ShouldContain($"{lost.Loss.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
        using var late = new Listener(world.Tree.Events);
        late.Heard[0].ShouldBeOfType<SyncPaused>().Code.ShouldBe("token_revoked");
        world.Tree.DrainNow().Stopped.ShouldBe("Paused");

        world.Pair();
        world.Tree.Drained(TimeSpan.FromSeconds(5));
        world.World.Run(TimeSpan.FromSeconds(30));
        world.Tree.Status().Health.State.ShouldBe("OK");
        (world.Tree.Status().Auth.Reason, world.Tree.Status().Auth.LostAt).ShouldBe((null, null));
        late.Heard.OfType<SyncResumed>().Count().ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "A10")]
    public void A_hub_that_takes_the_lost_token_again_ends_the_loss_without_anybody()
    {
        using var world = new SignedInWorld();
        world.Hub.Next(Misbehaviour.Auth(401, "token_revoked"), int.MaxValue, x => x.Path != "/v1/auth/refresh");
        world.Hub.Next(Misbehaviour.Auth(401, "invalid_grant"), int.MaxValue, x => x.Path == "/v1/auth/refresh");
        var ids = world.Tree.Enqueue(3);
        world.Loses();
        world.World.Run(TimeSpan.FromMinutes(3));
        world.Tree.AtHub.ShouldBeEmpty();

        world.Hub.Behave();
        world.Tree.Drained(TimeSpan.FromMinutes(6));

        world.Tree.AtHub.ShouldBe(ids);
        world.Store.Content.Loss.ShouldBeNull();
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Tree.Status().Health.State.ShouldBe("OK");
        world.Listener.Heard.OfType<ConfigChanged>().Last().Binding.ShouldNotBeNull().Account.ShouldBe("ada");
    }

    [Fact]
    [Trait("criterion", "S3")]
    public void Nobody_else_can_declare_a_loss_whatever_he_holds()
    {
        using var world = new SignedInWorld();
        var generation = world.Generation;
        var stored = world.Store.Content;
        var auth = world.Tree.Child("auth");
        var probe = world.World.Probe("somebody");

        probe.Send(auth, new AuthProtocol.DeclareLost(new AuthLossAuthority(), generation, "token_revoked", "", probe.Ref));
        probe.Expect<AuthProtocol.LossRefused>().Code.ShouldBe("no_authority");
        probe.Send(auth, new AuthProtocol.EndLoss(new AuthLossAuthority(), generation, probe.Ref));
        probe.Expect<AuthProtocol.LossRefused>().Code.ShouldBe("no_authority");
        probe.Send(auth, new AuthProtocol.GetLostCredential(new AuthLossAuthority(), probe.Ref));
        probe.Expect<AuthProtocol.LossRefused>().Code.ShouldBe("no_authority");
        // With the right object, but not sync: the way to the owner goes through the profile, which knows its children.
        probe.Send(world.Tree.Profile, new AuthProtocol.DeclareLost(world.Authority!, generation, "token_revoked", "", probe.Ref));
        probe.Expect<AuthProtocol.LossRefused>().Code.ShouldBe("no_authority");

        world.Store.Content.ShouldBe(stored);
        world.World.Log.Count(LogLevel.WarningLevel, "refused").ShouldBe(4);
        // The object and the way: that is sync's, and shows that the rest of it would have worked.
        world.Tree.Profile.Tell(
            new AuthProtocol.DeclareLost(world.Authority!, generation, "token_revoked", "", probe.Ref),
            world.Tree.Child("sync")
        );
        world.Loses();
    }

    [Fact]
    [Trait("criterion", "S2")]
    [Trait("criterion", "A7")]
    public void A_doubt_from_beside_the_lanes_is_one_question_and_with_a_good_token_nothing_else()
    {
        using var world = new SignedInWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        var (asked, told, stored) = (world.AskedWho, world.Listener.Heard.Count, world.Store.Content);

        for (var i = 0; i < 20; i++)
        {
            world.Tree.Profile.Tell(new SyncProtocol.CredentialDoubted(world.Generation, "token_revoked"));
            world.Tree.Profile.Tell(
                new SyncProtocol.CredentialDoubted(new CredentialGeneration(world.Generation.Value - 1), "token_revoked")
            );
        }

        world.World.Run(TimeSpan.FromSeconds(5));
        (world.AskedWho - asked).ShouldBe(1);
        world.Store.Content.ShouldBe(stored);
        world.Listener.Heard.Count.ShouldBe(told);
        world.Tree.Status().Health.State.ShouldBeOneOf("OK", "IDLE");
        world.Renewals.ShouldBe(0);

        world.Hub.RevokeAll();
        world.Tree.Profile.Tell(new SyncProtocol.CredentialDoubted(world.Generation, "token_revoked"));
        world.Loses(TimeSpan.FromSeconds(5));
        (world.AskedWho - asked).ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "A8")]
    public void Without_positive_evidence_nothing_is_lost_however_often_it_is_refused()
    {
        foreach (
            var answer in new[]
            {
                HubAnswer.Html(401),
                HubAnswer.Empty(401),
                HubAnswer.Empty(403),
                HubAnswer.Error(401, "who_are_you", "?"),
                HubAnswer.Html(407),
            }
        )
        {
            using var world = new SignedInWorld();
            world.Hub.Next(new Misbehaviour.Answers(answer), int.MaxValue, _ => true);
            world.Tree.Enqueue(2);
            world.Tree.Profile.Tell(new SyncProtocol.CredentialDoubted(world.Generation, "token_revoked"));
            var stored = world.Store.Content;

            world.World.Run(TimeSpan.FromMinutes(10));

            world.Store.Content.Loss.ShouldBeNull();
            world.Store.Content.Access.ShouldBe(stored.Access);
            world.Hub.Behave();
            world.Tree.Drained(TimeSpan.FromMinutes(6));
        }
    }

    [Fact]
    [Trait("criterion", "D13")]
    public void A_refused_push_whose_token_the_hub_takes_elsewhere_loses_nothing_and_makes_no_loop()
    {
        using var world = new SignedInWorld(accessLife: TimeSpan.FromDays(1));
        world.Hub.Next(Misbehaviour.Auth(401, "token_invalid"), int.MaxValue);
        world.Hub.Next(Misbehaviour.Auth(401, "invalid_grant"), int.MaxValue, x => x.Path == "/v1/auth/refresh");
        world.Tree.Enqueue(2);
        var before = world.Hub.Exchanges.Count;

        world.World.Run(TimeSpan.FromMinutes(10));

        world.Store.Content.Loss.ShouldBeNull();
        (world.Hub.Exchanges.Count - before).ShouldBeLessThan(120);
        world.Hub.Behave();
        world.Tree.Drained(TimeSpan.FromMinutes(6));
    }
}
