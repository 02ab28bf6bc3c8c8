using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>A key knew one dead operation only: with a second, or one newer than what still waits, rows went past it or never.</summary>
[Trait("criterion", "D19")]
public sealed class DeadLettersOfOneKeyTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig().Start();
    private readonly List<OperationId> _ids;

    public DeadLettersOfOneKeyTests() =>
        _ids = [.. _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("a"), JournalRig.Set("a")).Select(a => a.OperationId)];

    [Fact]
    public void What_is_parked_behind_two_waits_for_both()
    {
        Bury(_ids[0]);
        Bury(_ids[1]);
        _rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        _rig.Ask<Changed>(to => new DiscardDead(_ids[0], "no use", to));
        _rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        _rig.Counts().Parked.ShouldBe(1);
        _rig.Enqueue(JournalRig.Set("a"));
        _rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        _rig.Ask<Changed>(to => new DiscardDead(_ids[1], "no use", to));
        _rig.DrainAll(Lane.Priority).Count.ShouldBe(2);
    }

    [Fact]
    public void A_restart_between_retry_and_ack_forgets_neither()
    {
        Bury(_ids[1]);
        _rig.DrainAll(Lane.Priority).ShouldBe([_ids[0]]);
        _rig.Counts().Parked.ShouldBe(1);
        _rig.Ask<Changed>(to => new RetryDead(_ids[1], to));
        _rig.Kill();
        _rig.Start();
        var late = _rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
        _rig.DrainAll(Lane.Priority).ShouldBe([_ids[1], _ids[2], late]);
        var counts = _rig.Counts();
        (counts.Pending, counts.Parked, counts.Dead).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void What_is_older_than_the_dead_one_goes_its_way_and_first()
    {
        Bury(_ids[1]);
        _rig.DrainAll(Lane.Priority).ShouldBe([_ids[0]]);
        _rig.Ask<Changed>(to => new RetryDead(null, to));
        _rig.DrainAll(Lane.Priority).ShouldBe([_ids[1], _ids[2]]);
    }

    [Fact]
    public void One_that_is_tried_again_does_not_overtake_an_older_dead_one()
    {
        Bury(_ids[0]);
        Bury(_ids[1]);
        _rig.Ask<Changed>(to => new RetryDead(_ids[1], to)).Count.ShouldBe(1);
        _rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        _rig.Ask<Changed>(to => new RetryDead(_ids[0], to)).Count.ShouldBe(1);
        _rig.DrainAll(Lane.Priority).ShouldBe(_ids);
    }

    [Fact]
    public void One_that_the_hub_blocks_behind_nothing_that_we_know_is_dead_and_seen_not_parked_for_ever()
    {
        Bury(_ids[0]);
        _rig.Ask<Changed>(to => new RetryDead(_ids[0], to));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass, 1)!;
        _rig.Settle(pass, batch, JournalRig.Reject(0, "blocked", "somebody")).Dead.ShouldBe(1);
        _rig.Release(pass, batch);
        _rig.Ask<Changed>(to => new RetryDead(null, to)).Count.ShouldBe(1);
        _rig.DrainAll(Lane.Priority).ShouldBe(_ids);
    }

    [Fact]
    [Trait("criterion", "D17")]
    public void A_long_queue_behind_a_dead_letter_is_parked_in_steps_and_passed_by_once()
    {
        const int Behind = 3_000;
        using var rig = new JournalRig(stepRows: 100).Start();
        var head = rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
        rig.Enqueue([.. Enumerable.Range(0, Behind).Select(_ => JournalRig.Set("a"))]);
        var free = rig.Enqueue(JournalRig.Set("b")).Single().OperationId;
        rig.Ask<Changed>(to => new ParkOperation(head, to));
        var pass = rig.Open(Lane.Priority);
        rig.Port.Tell(new ReadBatch(Lane.Priority, pass, 500, 1 << 20, rig.Client.Ref));
        // An enqueue is served in between.
        rig.Port.Tell(new EnqueueMany([JournalRig.Set("c")], null, rig.Client.Ref));
        rig.Client.Expect<Stored>();
        rig.Client.Expect<BatchRead>().Batch!.Rows.ToArray().Select(row => row.Id).First().ShouldBe(free);
        rig.Counts().Parked.ShouldBe(Behind);
        // The next pass does not go through them again.
        var before = rig.World.Steps;
        rig.Read(Lane.Priority, rig.Open(Lane.Priority))!.Rows[0].Id.ShouldBe(free);
        (rig.World.Steps - before).ShouldBeLessThan(15);
        rig.Ask<Changed>(to => new DiscardDead(head, "no use", to));
        rig.DrainAll(Lane.Priority).Count.ShouldBe(Behind + 2);
        rig.Counts().Pending.ShouldBe(0);
    }

    [Fact]
    public void A_receipt_that_is_awaited_says_that_it_was_set_aside_by_hand()
    {
        var waiter = _rig.World.Probe();
        _rig.Port.Tell(new AwaitReceipt(_ids[0], waiter.Ref));
        Bury(_ids[0]);
        waiter.Expect<ReceiptKnown>().State.ShouldBe(ActorSync.Journal.ReceiptState.Dead);
    }

    public void Dispose() => _rig.Dispose();

    private void Bury(OperationId id) => _rig.Ask<Changed>(to => new ParkOperation(id, to)).Count.ShouldBe(1);
}
