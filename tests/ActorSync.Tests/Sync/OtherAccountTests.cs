using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Events;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Sync;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

/// <summary>What one account left unsent is not sent as another one.</summary>
[Trait("criterion", "A12")]
public sealed class OtherAccountTests
{
    [Fact]
    public void Unsent_operations_of_another_account_wait_until_they_are_adopted()
    {
        using var world = new SignedInWorld();
        var ids = LeaveBehind(world, 5);
        world.Pair("bob");
        ids = [.. ids, .. world.Tree.Enqueue(2, Lane.Bulk, "later")];
        world.World.Run(TimeSpan.FromHours(1));

        AtHubOf(world, "bob").ShouldBeEmpty();
        var status = world.Tree.Status();
        (status.Health.State, status.Auth.State, status.Notice!.Code).ShouldBe(("PAUSED", "signed_in", "account_changed"));
        status.Health.Reason.ShouldContain("unsent operations of account ada are kept aside");
        world.Tree.DrainNow().Stopped.ShouldBe("Paused");
        world.Listener.Heard.OfType<SyncPaused>().Select(x => x.Code).ShouldBe(["account_changed"]);

        Adopt(world, "bob");

        world.Tree.Drained();
        AtHubOf(world, "bob").ShouldBe(ids, ignoreOrder: true);
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Tree.Status().Health.State.ShouldBe("OK");
    }

    [Fact]
    public void A_restart_does_not_make_them_the_other_accounts()
    {
        using var world = new SignedInWorld();
        LeaveBehind(world, 3);
        world.Pair("bob");
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Tree.Stop();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Tree.Start();
        world.Tree.Ready();

        world.World.Run(TimeSpan.FromMinutes(5));

        AtHubOf(world, "bob").ShouldBeEmpty();
        world.Tree.Status().Notice!.Code.ShouldBe("account_changed");
    }

    [Fact]
    public void When_they_are_dropped_the_queue_is_the_new_accounts()
    {
        using var world = new SignedInWorld();
        LeaveBehind(world, 3);
        world.Pair("bob");
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Tree.AskJournal<JournalProtocol.Changed>(asker => new JournalProtocol.ClearQueue(asker)).Count.ShouldBe(3);
        world.World.Run(TimeSpan.FromMinutes(1));

        var ids = world.Tree.Enqueue(2);
        world.Tree.Drained();
        AtHubOf(world, "bob").ShouldBe(ids);
    }

    [Fact]
    public void An_empty_queue_asks_nobody()
    {
        using var world = new SignedInWorld();
        LeaveBehind(world, 0);
        world.Pair("bob");
        world.World.Run(TimeSpan.FromMilliseconds(100));

        var ids = world.Tree.Enqueue(2);

        world.Tree.Drained();
        AtHubOf(world, "bob").ShouldBe(ids);
        world.Listener.Heard.OfType<SyncPaused>().ShouldBeEmpty();
    }

    [Fact]
    public void The_same_account_again_is_no_other_account()
    {
        using var world = new SignedInWorld();
        var ids = LeaveBehind(world, 3);

        world.Pair("ada");

        world.Tree.Drained();
        world.Tree.AtHub.ShouldBe(ids);
        world.Listener.Heard.OfType<SyncPaused>().ShouldBeEmpty();
    }

    [Fact]
    public void A_pairing_with_another_account_in_the_middle_of_a_pass_sends_none_under_it()
    {
        for (var seed = 1; seed <= 25; seed++)
        {
            using var world = new SignedInWorld(seed, hocon: "actorsync.drain.max-operations = 1");
            world.Tree.Wire.MinLatency = world.Tree.Wire.MaxLatency = TimeSpan.FromMicroseconds(10);
            world.Tree.Enqueue(400, Lane.Bulk);
            world.Tree.Enqueue(400, prefix: "p");
            world.World.RunUntil(() => world.Tree.AtHub.Length > 3 + seed).ShouldBeTrue();

            world.Pair("bob");
            world.World.Run(TimeSpan.FromSeconds(5));

            world.Hub.Pushes.Count(push => push.Request.Bearer == world.Store.Content.Access!.Secret).ShouldBe(0, $"seed {seed}");
            world.Tree.Counts().Pending.ShouldBe(800 - world.Tree.AtHub.Length);
        }
    }

    private static string[] LeaveBehind(SignedInWorld world, int count)
    {
        world.Tree.Change("mode", "local");
        var ids = count == 0 ? [] : world.Tree.Enqueue(count);
        world.Tree.Ask<AuthProtocol.SignedOut>(world.Tree.Profile, asker => new AuthProtocol.SignOut(asker));
        world.Tree.Change("mode", "hybrid");
        return ids;
    }

    private static void Adopt(SignedInWorld world, string account) =>
        world.Tree.Ask<JournalProtocol.Settings>(
            world.Tree.Profile,
            asker => new SyncProtocol.ChangeSettings(
                ImmutableSortedDictionary<string, string?>.Empty.Add(SyncSettings.QueueAccountKey, account),
                asker
            )
        );

    private static string[] AtHubOf(SignedInWorld world, string account) =>
        [.. world.Hub.AccountNamed(account).Log.Select(op => op.OperationId)];
}
