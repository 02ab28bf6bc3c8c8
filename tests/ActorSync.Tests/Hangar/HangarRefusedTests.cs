using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.TestKit.Hubs;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

/// <summary>The hub refuses the hangar, and what that is to the others: one question.</summary>
public sealed class HangarRefusedTests
{
    private const string Me = "/v1/auth/me";

    [Theory]
    [InlineData(401, "token_invalid")]
    [InlineData(401, "token_expired")]
    [InlineData(401, "token_revoked")]
    [InlineData(403, "sync_disabled")]
    [InlineData(403, "account_restricted")]
    [InlineData(403, "device_mismatch")]
    [Trait("criterion", "S1")]
    [Trait("criterion", "S2")]
    [Trait("criterion", "A7")]
    public void A_refusal_of_the_hangar_on_a_valid_session_stops_the_hangar_alone(int status, string code)
    {
        using var world = new HangarWorld();
        world.Settle();
        var before = world.Profile.Status();
        var credential = world.Profile.Auth.Current;
        world.Hub.Next(Misbehaviour.Auth(status, code), times: int.MaxValue, when: HangarWorld.IsHangar);
        world.Source.Items.Add("3");
        // In the middle between two heartbeats, so that each question is one for the hangar.
        world.World.RunUntil(() => world.Hub.Exchanges[^1].Request.Path == Me, TimeSpan.FromMinutes(2)).ShouldBeTrue();
        world.World.Run(TimeSpan.FromSeconds(5));
        var asked = world.Hub.Exchanges.Count(x => x.Request.Path == Me);

        var outcome = world.Push();
        world.World.Run(TimeSpan.FromSeconds(5));

        (outcome.Outcome, outcome.Reason).ShouldBe((HangarOutcome.Failed, code));
        world.Hub.Exchanges.Count(x => x.Request.Path == Me).ShouldBe(asked + 1, "sync asks once");
        world.Profile.Child("hangar").IsNobody().ShouldBeTrue();
        var after = world.Profile.Status();
        (after.Hangar.State, after.Hangar.Failures, after.Hangar.Restarts).ShouldBe(("stopped", 1, 1));
        after.Hangar.LastError!.ShouldContain(code);
        after.Hangar.LastSuccessAt.ShouldBe(before.Hangar.LastSuccessAt);
        (after.Health.State, after.Auth).ShouldBe(("OK", before.Auth));
        world.Profile.Auth.Current.ShouldBe(credential);
        world.Profile.Auth.Refused.ShouldBeEmpty("the owner of the credential is not even asked");
        world.World.Log.Count(LogLevel.ErrorLevel).ShouldBe(0);
        world.World.Log.Count(LogLevel.WarningLevel, "Sync is paused").ShouldBe(0);
        var ids = world.Profile.Enqueue(3);
        world.Profile.Drained(TimeSpan.FromSeconds(2));
        world.Profile.AtHub.ShouldBe(ids, "the lanes go on");

        // Its own next time.
        var sent = world.Sent.Count;
        world.World.Run(HangarWorld.Interval - TimeSpan.FromMinutes(1));
        world.Sent.Count.ShouldBe(sent);
        world.Hub.Behave();
        world.World.Run(TimeSpan.FromMinutes(2));
        world.Taken.Count.ShouldBe(2);
        (world.View.State, world.View.LastError, world.View.Pushes, world.View.Failures).ShouldBe(("resting", null, 2, 1));
    }

    [Fact]
    [Trait("criterion", "G1")]
    [Trait("criterion", "S2")]
    public void A_kick_makes_a_stopped_hangar_again_at_once()
    {
        using var world = Refused();
        world.Hub.Behave();

        world.Push().Outcome.ShouldBe(HangarOutcome.Pushed);

        world.Taken.Count.ShouldBe(1);
        world.World.Run(HangarWorld.Interval + TimeSpan.FromMinutes(1));
        world.Source.Captures.ShouldBe(3, "its old alarm is off: one schedule");
    }

    [Fact]
    [Trait("criterion", "G1")]
    [Trait("criterion", "S2")]
    public void A_new_credential_makes_a_stopped_hangar_again_at_once_and_it_uses_that_one()
    {
        using var world = Refused();
        world.Hub.Next(
            Misbehaviour.Auth(401, "token_invalid"),
            times: int.MaxValue,
            when: x => HangarWorld.IsHangar(x) && x.Bearer != world.Profile.Auth.Token
        );
        world.Profile.Announce(world.Profile.Auth.Token, generation: 1);
        world.World.Run(TimeSpan.FromMinutes(1));
        world.Taken.ShouldBeEmpty("the same credential said once more is no other one");
        world.Hub.Behave();

        world.Profile.Announce(world.Profile.NewToken(), generation: 2);
        world.Settle();

        world.Taken.Count.ShouldBe(1);
        world.Sent[^1].Request.Bearer.ShouldBe(world.Profile.Auth.Token);
    }

    [Fact]
    [Trait("criterion", "A7")]
    public void A_token_that_is_really_revoked_is_found_out_by_the_hangars_refusal_within_one_confirmation()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Profile.Auth.OnRefused = refused => new AuthProtocol.Verdict.CannotRenew(refused.Generation, refused.Code, "revoked");
        world.World.RunUntil(() => world.Hub.Exchanges[^1].Request.Path == Me, TimeSpan.FromMinutes(2)).ShouldBeTrue();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Hub.RevokeAll();
        var asked = world.Hub.Exchanges.Count(x => x.Request.Path == Me);
        world.Source.Items.Add("3");

        world.Push().Reason.ShouldBe("token_revoked");
        world.World.Run(TimeSpan.FromMilliseconds(50));

        world.Hub.Exchanges.Count(x => x.Request.Path == Me).ShouldBe(asked + 1);
        world.Profile.Status().Health.State.ShouldBe("PAUSED");
        world.Push().Reason.ShouldBe("paused", "and the hangar heeds it");
    }

    [Fact]
    [Trait("criterion", "A1")]
    public void A_refusal_that_speaks_of_a_replaced_credential_is_nobodys_business()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Hub.Next(new Misbehaviour.Swallows(), when: HangarWorld.IsHangar);
        world.Source.Items.Add("3");
        var asker = world.Ask();
        world.World.RunUntil(() => world.Sent.Count == 2).ShouldBeTrue();
        world.Profile.Announce(world.Profile.NewToken(), generation: 2);
        var asked = world.Hub.Exchanges.Count(x => x.Request.Path == Me);

        world.Profile.Profile.Tell(new SyncProtocol.CredentialDoubted(new CredentialGeneration(1), "token_revoked"), ActorRefs.NoSender);
        world.World.Run(TimeSpan.FromSeconds(2));

        world.Hub.Exchanges.Count(x => x.Request.Path == Me).ShouldBeLessThanOrEqualTo(asked + 1);
        world.Profile.Status().Health.State.ShouldBe("OK");
        asker.Expect<HangarOutcome>(within: TimeSpan.FromMinutes(2)).Outcome.ShouldBe(HangarOutcome.Failed);
    }

    [Fact]
    [Trait("criterion", "A16")]
    public void Neither_items_nor_tokens_are_logged()
    {
        using var world = new HangarWorld(start: false);
        world.World.Log.Level = LogLevel.DebugLevel;
        world.Source.Items = ["\"canary-of-an-item\""];
        world.Hub.Next(Misbehaviour.Auth(401, "token_invalid"), when: HangarWorld.IsHangar);
        world.Start();
        world.Settle();
        world.Push();
        world.Source.Throws = new IOException("no disk");
        world.Push();
        world.Source.Throws = null;
        world.Push();

        world.Taken.Count.ShouldBe(1);
        var said = string.Join('\n', world.World.Log.Lines) + world.World.Describe("") + world.Profile.Status();
        said.ShouldNotContain("canary-of-an-item");
        said.ShouldNotContain(world.Profile.Auth.Token!);
    }

    private static HangarWorld Refused()
    {
        var world = new HangarWorld(start: false);
        world.Hub.Next(Misbehaviour.Auth(401, "token_invalid"), times: int.MaxValue, when: HangarWorld.IsHangar);
        world.Start();
        world.Settle();
        world.View.State.ShouldBe("stopped");
        return world;
    }
}
