using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

public sealed class HistoryTests
{
    [Fact]
    [Trait("criterion", "P12")]
    [Trait("criterion", "P4")]
    public void A_hub_that_was_put_back_is_told_again_what_it_had_acked()
    {
        using var world = new ProfileWorld();
        world.Enqueue(10, prefix: "kept");
        world.Drained();
        var backup = world.Hub.Backup();
        world.Enqueue(10, prefix: "lost");
        world.Drained();
        world.Elsewhere("theirs", 500, "\"lost as well\"");
        world.IsEqualSoon().ShouldBeTrue();
        var before = world.Hub.Account.Merged().Digest;

        world.Hub.Restore(backup);
        world.Enqueue(ProfileWorld.Operation("meanwhile"));

        world.Drained();
        world.IsEqualSoon().ShouldBeTrue();
        world.Note("lost7").ShouldNotBeNull();
        world.Hub.Account.Merged().AllRows.Count().ShouldBe(22);
        world.Hub.Account.Merged().Digest.ShouldNotBe(before, "the new one is there, too");
        world.Hub.Pushes.ShouldNotContain(static x => x.Status == 409);
    }

    [Fact]
    [Trait("criterion", "P12")]
    public void A_hub_put_back_to_before_an_operation_that_was_acked_and_never_pulled_is_found_out()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.presets.balanced.pull-interval = 1h");
        world.World.Run(TimeSpan.FromSeconds(5));
        var backup = world.Hub.Backup();
        world.Elsewhere("between", 3, "1");
        world.Enqueue(1);
        world.Drained();
        world.Counts().Position.ShouldBeLessThan(world.Counts().HubLastId);

        world.Hub.Restore(backup);
        world.World.Run(TimeSpan.FromHours(1));

        world.IsEqualSoon().ShouldBeTrue();
        world.Hub.Account.Merged().AllRows.Count().ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "P12")]
    public void A_batch_that_was_read_before_the_last_ack_does_not_hide_that_the_hub_was_put_back()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-bytes = 64 KiB");
        world.World.Run(TimeSpan.FromSeconds(5));
        var backup = world.Hub.Backup();
        var small = Enumerable.Range(0, 8).Select(static i => ProfileWorld.Operation($"n{i}"));
        world.Enqueue([ProfileWorld.Operation("large", payloadBytes: 65_000), .. small]);

        // Put back when the first batch is acked, before the second one comes: the pair that it carries is of before both.
        world.World.RunUntil(() => world.Hub.Pushes.Any()).ShouldBeTrue();
        world.Hub.Restore(backup);

        world.Drained();
        world.IsEqualSoon().ShouldBeTrue();
        world.Hub.Account.Merged().AllRows.Count().ShouldBe(9);
    }

    [Fact]
    [Trait("criterion", "P12")]
    public void Another_hub_is_read_from_its_beginning_and_told_what_is_here()
    {
        using var world = new ProfileWorld();
        world.Enqueue(5);
        world.Drained();
        var before = world.Counts();
        world.Hub.Restore(new HubAccount("ada"));
        world.Elsewhere("there", 9, "2");

        var elsewhere = new Uri("https://hub.other.test");
        world.Change("hub", elsewhere.ToString()).ShouldBeOfType<JournalProtocol.Settings>();
        world.Announce(world.NewToken(), 2, hub: elsewhere);

        world.IsEqualSoon().ShouldBeTrue();
        world.Note("there").ShouldNotBeNull();
        world.Hub.Account.Merged().AllRows.Count().ShouldBe(6);
        before.HubHead.ShouldNotBeNull();
        world.Counts().HubHead.ShouldNotBe(before.HubHead);
    }

    [Fact]
    [Trait("criterion", "D22")]
    public void What_a_hub_lost_without_knowing_it_is_found_by_its_digest_and_nothing_else_is_sent()
    {
        using var world = new ProfileWorld();
        var ids = world.Enqueue(300);
        world.Drained();
        world.IsEqualSoon().ShouldBeTrue();
        world.Reconcile().ShouldBe(new ReconcileReport(Equal: true, Sent: 0, Differed: false, null));
        var lost = ids.Take(100).ToImmutableHashSet();
        world.Hub.Account.Lose(operation => lost.Contains(operation.OperationId));
        var origin = world.Ours.First().Device;

        var report = world.Reconcile();

        report.ShouldBe(new ReconcileReport(Equal: true, Sent: 100, Differed: true, null));
        world.IsEqualSoon().ShouldBeTrue();
        var repairs = world.Ours.Where(static x => x.OperationId[14] == '8').ToList();
        repairs.Count.ShouldBe(100);
        repairs.ShouldAllBe(x => x.Published && x.Device == origin && x.Lamport <= 100);
        world.Reconcile().Sent.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "P4")]
    public void Pending_operations_stay_laid_over_what_a_snapshot_brings()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Hub.Next(Misbehaviour.Busy(503), int.MaxValue);
        world.Enqueue(ProfileWorld.Operation("x", payloadBytes: 3));
        world.Elsewhere("x", 1, "\"below\"");
        world.Hub.Next(Misbehaviour.Resync, 1, static x => x.IsPull);

        world.IsEqualSoon().ShouldBeTrue();
        var note = world.Note("x")!;
        (note.Registers[""], note.Pending).ShouldBe(("\"xxx\"", true));
        world.Hub.Behave();
        world.Drained(TimeSpan.FromMinutes(10));

        world.IsEqualSoon().ShouldBeTrue();
        world.Note("x")!.Registers[""].ShouldBe("\"xxx\"");
    }

    [Fact]
    [Trait("criterion", "Q13")]
    public void A_snapshot_that_breaks_off_is_fetched_again_and_nothing_is_taken_for_whole()
    {
        using var world = new ProfileWorld();
        for (var i = 0; i < 50; i++)
        {
            world.Elsewhere($"n{i}", i + 2, "\"a value\"");
        }

        world.IsEqualSoon().ShouldBeTrue();
        var snapshots = Snapshots(world);
        world.Hub.Next(Misbehaviour.Resync, 1, static x => x.IsPull);
        foreach (var bytes in new[] { 10, 200, 3000, 5000 })
        {
            world.Hub.Next(new Misbehaviour.Truncated(bytes), 1, IsSnapshot);
        }

        world.World.RunUntil(() => Snapshots(world) >= snapshots + 5, TimeSpan.FromMinutes(5)).ShouldBeTrue();

        world.World.Run(TimeSpan.FromSeconds(1));
        world.Status().Health.Lanes["pull"].State.ShouldBe("OK");
        world.Counts().HubHead.ShouldBe(world.Hub.Account.Head);
    }

    private static int Snapshots(ProfileWorld world) => world.Hub.Exchanges.Count(static x => IsSnapshot(x.Request));

    private static bool IsSnapshot(HubRequest request) => request.Path.EndsWith("/snapshot", StringComparison.Ordinal);
}
