using ActorSync.TestKit;
using ActorSync.Tests.Runtime;
using ActorSync.Tests.Sync;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

/// <summary>The puller beside its pages: when it rests, what it is told, and with whose credential it asks.</summary>
public sealed class PullerTests
{
    [Fact]
    public void Whatever_message_the_journal_falls_over_the_puller_goes_on()
    {
        for (var k = 1; k <= 24; k++)
        {
            using var world = new ProfileWorld();
            world.World.Run(TimeSpan.FromSeconds(2));
            world.Elsewhere("theirs", 5, "1");
            world.Enqueue(ProfileWorld.Operation($"ours{k}"));
            var path = world.PathOf("journal").ToStringWithoutAddress();
            var crash = world.World.Node.CrashAt(path, k, k % 2 == 0 ? CrashWhen.After : CrashWhen.Instead);

            world.World.Run(TimeSpan.FromSeconds(75));

            world.IsEqualSoon().ShouldBeTrue(world.World.Describe($"{k}: {crash.Message}"));
            world.Status().Health.Lanes["pull"].State.ShouldBe("OK", $"{k}: {crash.Message}");
        }
    }

    [Fact]
    [Trait("criterion", "A12")]
    [Trait("criterion", "A18")]
    public void With_another_accounts_credential_than_the_gates_it_asks_nothing()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Pages().ShouldNotBeEmpty();

        // The credential has changed, and the news of it is still on the way.
        var bobs = world.Hub.IssueToken(world.Device!.Value.Value, account: "bob");
        (world.Auth.Token, world.Auth.Account) = (bobs, "bob");
        world.World.Run(TimeSpan.FromMinutes(5));

        world.Hub.Exchanges.ShouldNotContain(x => x.Request.Bearer == bobs && x.Request.Path.StartsWith("/api/v1/sync/"));
        world.Status().Health.Lanes["pull"].State.ShouldNotBe("OK");
    }

    [Fact]
    public void While_the_credential_is_lost_it_rests_and_behind_a_pairing_it_fetches_again()
    {
        using var world = new SignedInWorld();
        world.Hub.RevokeAll();
        world.Loses();
        world.World.Run(TimeSpan.FromSeconds(1));
        var asked = world.Tree.Pages().Count();

        world.World.Run(TimeSpan.FromHours(3));

        world.Tree.Child("sync/pull").ShouldBe(ActorRefs.Nobody);
        world.Tree.Pages().Count().ShouldBe(asked);
        world.Tree.Elsewhere("meanwhile", 7, "1");
        world.Pair();
        world.Tree.IsEqualSoon().ShouldBeTrue();
        world.Tree.Note("meanwhile").ShouldNotBeNull();
    }
}
