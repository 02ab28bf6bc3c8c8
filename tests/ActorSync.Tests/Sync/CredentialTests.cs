using ActorSync.Auth;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

/// <summary>What becomes of a credential that the hub does not take.</summary>
public sealed class CredentialTests
{
    [Fact]
    [Trait("criterion", "D13")]
    public void Two_lanes_that_meet_a_401_together_ask_for_one_renewal_and_both_go_on()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(
            Misbehaviour.Auth(401, "token_expired"),
            times: int.MaxValue,
            when: x => x.Bearer == world.Auth.Token && world.Auth.Generation.Value == 1
        );
        world.Auth.OnRefused = _ =>
        {
            (world.Auth.Token, world.Auth.Generation) = (world.NewToken(), new CredentialGeneration(2));
            return new AuthProtocol.Verdict.TryAgain(world.Auth.Generation);
        };
        world.Enqueue(5);
        world.Enqueue(5, Lane.Bulk, "b");

        world.Drained();

        world.Auth.Refused.Count.ShouldBe(1);
        world.AtHub.Length.ShouldBe(10);
        world.Rows(RowState.Dead).ShouldBeEmpty();
        (world.Status().Health.State == "PAUSED").ShouldBeFalse();
    }

    [Fact]
    [Trait("criterion", "D13")]
    [Trait("criterion", "S4")]
    public void A_token_that_the_hub_took_back_is_lost_once_and_only_asked_for_without_pushing()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Auth(401, "token_revoked"), times: int.MaxValue, when: _ => true);
        world.Auth.OnRefused = refused => new AuthProtocol.Verdict.CannotRenew(
            refused.Generation,
            refused.Code,
            "the hub revoked the token: pair again"
        );
        world.Enqueue(5);
        world.Enqueue(5, Lane.Bulk, "b");
        world.World.Run(TimeSpan.FromMinutes(10));

        var pushes = world.Pushed.Count();
        world.World.Run(TimeSpan.FromMinutes(50));

        world.Pushed.Count().ShouldBe(pushes, "only probes go out");
        pushes.ShouldBeLessThanOrEqualTo(2);
        world.Hub.Exchanges.Count(x => x.Request.Path == "/v1/auth/me").ShouldBeInRange(10, 80);
        world.Auth.Refused.Count.ShouldBe(1);
        world.Counts().Pending.ShouldBe(10);
        var status = world.Status();
        status.Health.State.ShouldBe("PAUSED");
        status.Health.Reason.ShouldContain("revoked");
        status.Health.NextRetry.ShouldNotBeNull();
        status.Auth.State.ShouldBe("lost");
        world.Auth.Declared.ShouldBe(1);
        world.Child("sync/drain-priority").ShouldBe(ActorRefs.Nobody);
        world.Child("sync/drain-bulk").ShouldBe(ActorRefs.Nobody);
        world.World.Log.Expect(1, LogLevel.WarningLevel, "Sync is paused");

        world.Hub.Behave();
        world.Announce(world.NewToken(), generation: 9);
        world.Drained(TimeSpan.FromSeconds(5));
        world.Status().Health.State.ShouldBe("OK");
    }

    [Theory]
    [InlineData("sync_disabled")]
    [InlineData("account_restricted")]
    [InlineData("device_mismatch")]
    [Trait("criterion", "D13")]
    public void An_account_level_refusal_pauses_burns_nothing_and_ends_by_itself(string code)
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Auth(403, code), times: int.MaxValue);
        var ids = world.Enqueue(5);
        world.World.Run(TimeSpan.FromMinutes(30));

        var status = world.Status();
        status.Health.State.ShouldBe("PAUSED");
        world.DrainNow().Stopped.ShouldBe("Paused");
        world.Counts().Pending.ShouldBe(5);
        world.Rows(RowState.Pending).ShouldAllBe(row => row.Attempts == 0);
        world.Pushed.Count().ShouldBeInRange(3, 40);
        world.Auth.Refused.ShouldBeEmpty();

        world.Hub.Behave();
        world.Drained(TimeSpan.FromMinutes(6));
        world.AtHub.ShouldBe(ids);
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Status().Health.State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "D13")]
    public void A_hub_that_refuses_every_renewed_token_is_not_asked_in_a_loop()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Auth(401, "token_invalid"), times: int.MaxValue, when: _ => true);
        world.Auth.OnRefused = refused =>
        {
            world.Auth.Generation = new CredentialGeneration(refused.Generation.Value + 1);
            return new AuthProtocol.Verdict.TryAgain(world.Auth.Generation);
        };
        world.Enqueue(5);

        world.World.Run(TimeSpan.FromMinutes(30));

        world.Auth.Refused.Count.ShouldBeInRange(3, 40);
        world.Counts().Pending.ShouldBe(5);
    }

    [Fact]
    [Trait("criterion", "D13")]
    public void A_renewal_that_cannot_be_tried_now_is_tried_later()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(
            Misbehaviour.Auth(401, "token_expired"),
            times: int.MaxValue,
            when: x => x.Bearer == world.Auth.Token && world.Auth.Generation.Value == 1
        );
        world.Auth.OnRefused = _ =>
        {
            if (world.Auth.Refused.Count < 4)
            {
                return new AuthProtocol.Verdict.NotNow(ActorSync.Diagnostics.Failures.Make("dns"));
            }

            (world.Auth.Token, world.Auth.Generation) = (world.NewToken(), new CredentialGeneration(2));
            return new AuthProtocol.Verdict.TryAgain(world.Auth.Generation);
        };
        world.Enqueue(5);

        world.Drained(TimeSpan.FromMinutes(2));

        world.Auth.Refused.Count.ShouldBe(4);
        world.Pushed.Count().ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public void A_question_for_the_credential_that_is_never_answered_is_asked_again()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Auth.Deaf = 3;
        world.Enqueue(5);

        world.Drained(TimeSpan.FromMinutes(2));

        world.AtHub.Length.ShouldBe(5);
    }
}
