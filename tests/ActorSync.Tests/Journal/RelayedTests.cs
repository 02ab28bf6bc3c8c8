using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>WIRE rule j: what another device made is offered, and never set aside or changed by us.</summary>
public sealed class RelayedTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig().Start();

    [Fact]
    [Trait("criterion", "D19")]
    public void A_relayed_operation_that_the_hub_rejects_leaves_the_queue_with_its_reason_and_blocks_nothing()
    {
        var (theirs, ours) = OursBehindTheirs();
        var waiter = _rig.World.Probe();
        _rig.Port.Tell(new AwaitReceipt(theirs[0], waiter.Ref));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        var settled = _rig.Settle(pass, batch, JournalRig.Reject(0, "unknown_origin"));
        (settled.Dead, settled.Parked).ShouldBe((0, 0));
        waiter.Expect<ReceiptKnown>().State.ShouldBe(ActorSync.Journal.ReceiptState.Discarded);
        _rig.Release(pass, batch);
        var counts = _rig.Counts();
        (counts.Pending, counts.Parked, counts.Dead).ShouldBe((2, 0, 0));
        _rig.Ask<NoSuchOperation>(to => new GetOperation(theirs[0], to));
        _rig.Ask<ReceiptKnown>(to => new AwaitReceipt(theirs[0], to)).Error!.ShouldStartWith("relayed");
        _rig.World.Log.Expect(1, LogLevel.WarningLevel, $"{theirs[0]}").Single().Text.ShouldContain("unknown_origin");
        _rig.DrainAll(Lane.Priority).ShouldBe([theirs[1], ours]);
    }

    [Fact]
    [Trait("criterion", "D19")]
    public void A_blocked_one_is_offered_again_and_one_of_our_own_dies_as_ever()
    {
        var (theirs, ours) = OursBehindTheirs();
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        var result = new PushResult(
            [],
            [
                new PushResult.RejectedOp(0, "invalid_payload", "no", null),
                new PushResult.RejectedOp(1, "blocked", "no", $"{theirs[0]}"),
                new PushResult.RejectedOp(2, "invalid_payload", "no", null),
            ],
            0,
            0,
            null,
            null
        );
        _rig.Settle(pass, batch, result).Dead.ShouldBe(1);
        _rig.Release(pass, batch);
        _rig.Ask<JournalRow>(to => new GetOperation(ours, to)).State.ShouldBe(RowState.Dead);
        _rig.DrainAll(Lane.Priority).ShouldBe([theirs[1]]);
    }

    public void Dispose() => _rig.Dispose();

    private (OperationId[] Theirs, OperationId Ours) OursBehindTheirs()
    {
        var theirs = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("a")).Select(accepted => accepted.OperationId).ToArray();
        _rig.Kill();
        _rig.Installation = "installation-2";
        _rig.Start();
        return (theirs, _rig.Enqueue(JournalRig.Set("a")).Single().OperationId);
    }
}
