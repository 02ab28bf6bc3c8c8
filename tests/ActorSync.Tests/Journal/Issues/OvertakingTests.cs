using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>Within one pass a later operation of a key went out before an older one that the pass had gone by.</summary>
public sealed class OvertakingTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig().Start();

    [Fact]
    [Trait("criterion", "D19")]
    public void What_was_parked_goes_in_the_same_pass_as_its_head_and_before_what_came_later()
    {
        var ids = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("a"), JournalRig.Set("b"), JournalRig.Set("b"));
        var pass = _rig.Open(Lane.Priority);
        var first = _rig.Read(Lane.Priority, pass, 1)!;
        _rig.Settle(pass, first, JournalRig.Reject(0)).Dead.ShouldBe(1);
        _rig.Release(pass, first);
        // The second of a is met behind the dead one and parked.
        var others = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(pass, others, JournalRig.AcceptAll(others)).Acked.ShouldBe(2);
        _rig.Release(pass, others);
        _rig.Ask<Changed>(to => new RetryDead(ids[0].OperationId, to)).Count.ShouldBe(1);

        pass = _rig.Open(Lane.Priority);
        var head = _rig.Read(Lane.Priority, pass)!;
        head.Rows[0].Id.ShouldBe(ids[0].OperationId);
        _rig.Settle(pass, head, JournalRig.AcceptAll(head));
        var late = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("c"));
        // Still out: what is read ahead may not hold the key whose older row is behind the pass.
        var ahead = _rig.Read(Lane.Priority, pass)!;
        ahead.Rows.ToArray().Select(row => row.Id).ShouldBe([late[1].OperationId]);
        _rig.Settle(pass, ahead, JournalRig.AcceptAll(ahead));
        _rig.Release(pass, head);
        _rig.Release(pass, ahead);
        var rest = _rig.Read(Lane.Priority, pass)!;
        rest.Rows.ToArray().Select(row => row.Id).ShouldBe([ids[1].OperationId, late[0].OperationId]);
    }

    [Fact]
    [Trait("criterion", "D16")]
    public void A_row_that_waited_for_the_other_lane_goes_before_later_ones_of_its_key_and_in_the_same_pass()
    {
        var ids = _rig.Enqueue(JournalRig.Bulk("a"), JournalRig.Set("a"), JournalRig.Bulk("a"), JournalRig.Bulk("b"));
        var urgent = _rig.Open(Lane.Priority);
        var both = _rig.Read(Lane.Priority, urgent)!;
        both.Rows.ToArray().Select(row => row.Id).ShouldBe([ids[0].OperationId, ids[1].OperationId]);
        var bulk = _rig.Open(Lane.Bulk);
        var free = _rig.Read(Lane.Bulk, bulk)!;
        free.Rows.ToArray().Select(row => row.Id).ShouldBe([ids[3].OperationId]);
        _rig.Settle(urgent, both, JournalRig.AcceptAll(both));
        _rig.Release(urgent, both);
        var late = _rig.Enqueue(JournalRig.Bulk("a"));
        _rig.Read(Lane.Bulk, bulk).ShouldBeNull();
        _rig.Settle(bulk, free, JournalRig.AcceptAll(free));
        _rig.Release(bulk, free);
        _rig.Read(Lane.Bulk, bulk)!.Rows.ToArray().Select(row => row.Id).ShouldBe([ids[2].OperationId, late[0].OperationId]);
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void What_the_answer_did_not_name_is_not_overtaken_after_its_batch_is_given_back()
    {
        var ids = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [1]));
        _rig.Release(pass, batch);
        var late = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"));
        var next = _rig.Read(Lane.Priority, pass)!;
        next.Rows.ToArray().Select(row => row.Id).ShouldBe([late[1].OperationId]);
        _rig.Settle(pass, next, JournalRig.AcceptAll(next));
        _rig.Release(pass, next);
        _rig.DrainAll(Lane.Priority).ShouldBe([ids[0].OperationId, late[0].OperationId]);
        _rig.Counts().Pending.ShouldBe(0);
    }

    public void Dispose() => _rig.Dispose();
}
