using ActorSync.Status;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using ActorSync.Tests.Sync;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Status;

public sealed class NoticeTests
{
    [Theory]
    [InlineData("token_revoked", "pair")]
    [InlineData("token_expired", "pair")]
    [InlineData("token_missing", "pair")]
    [InlineData("sync_disabled", "open_account_page")]
    [InlineData("account_restricted", "open_account_page")]
    [InlineData("device_mismatch", "pair")]
    [Trait("criterion", "A8")]
    public void Each_refusal_of_the_hub_has_its_own_text_and_action(string code, string action)
    {
        using var world = new SignedInWorld();
        world.Hub.Next(
            Misbehaviour.Auth(code.StartsWith("token", StringComparison.Ordinal) ? 401 : 403, code),
            int.MaxValue,
            x => x.Path != "/v1/auth/refresh"
        );
        world.Hub.Next(Misbehaviour.Auth(401, "invalid_grant"), int.MaxValue, x => x.Path == "/v1/auth/refresh");
        world.Tree.Enqueue(1);
        world.World.Run(TimeSpan.FromSeconds(10));

        var status = world.Tree.Status();

        status.Health.State.ShouldBe("PAUSED");
        var notice = status.Notice.ShouldNotBeNull();
        notice.Code.ShouldBe(code == "token_missing" ? "token_invalid" : code);
        notice.Action.ShouldBe(action);
        Notices.Codes.ShouldContain(notice.Code);
    }

    [Fact]
    public void What_needs_nobody_shows_nothing_and_what_is_off_says_how_to_turn_it_on()
    {
        using var world = new SignedInWorld(pair: false);
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Tree.Status().Notice!.Code.ShouldBe("signed_out");
        world.Pair();
        world.Tree.Enqueue(1);
        world.World.Run(TimeSpan.FromMinutes(1));
        world.Tree.Status().Health.State.ShouldBe("OK");
        world.Tree.Status().Notice.ShouldBeNull();

        world.Tree.Wire.IsDown = true;
        world.Tree.Enqueue(1);
        world.World.Run(TimeSpan.FromMinutes(10));
        world.Tree.Status().Notice!.Code.ShouldBe("not_sent");

        world.Tree.Change("mode", "local");
        world
            .Tree.Status()
            .Notice.ShouldBe(
                new NoticeView("local_mode", "Sync is off. Changes are kept on this device.", "turn_on", "actorsync mode hybrid")
            );
        world.Tree.Change("hub", "https://other.test");
        world.Tree.Change("mode", "hybrid");
        world.Tree.Status().Notice!.Code.ShouldBe("signed_out");
    }

    [Fact]
    public void Dead_letters_are_for_a_person()
    {
        using var world = new ProfileWorld();
        world.Hub.Account.Refuse = _ => ("invalid_payload", "not to my taste");
        world.Enqueue(1);
        world.World.Run(TimeSpan.FromSeconds(5));

        world.Status().Notice.ShouldNotBeNull().Action.ShouldBe("show_dead_letters");
    }
}
