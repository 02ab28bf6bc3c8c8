using ActorSync.Journal;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>A read that looks at both lanes goes in steps; what changed the queue between two of them was not seen.</summary>
public sealed class ChangedWhileReadTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig(stepRows: 1).Start();

    [Fact]
    [Trait("criterion", "D19")]
    public void A_row_that_comes_back_during_a_read_is_not_hidden_by_the_mark()
    {
        // The other lane has the same keys, all newer: a look is needed, and nothing is pulled along.
        var ids = _rig.Enqueue([.. Enumerable.Range(0, 12).Select(i => JournalRig.Set($"k{i % 6}", lane: (Lane)(i / 6)))])
            .Select(accepted => accepted.OperationId)
            .ToList();
        _rig.Ask<Changed>(to => new ParkOperation(ids[3], to));
        var pass = OpenWithKeysKnown();
        Tell(new ReadBatch(Lane.Priority, pass, 500, 1 << 20, _rig.Client.Ref));
        Tell(new RetryDead(ids[3], _rig.Client.Ref));
        _rig.Client.Expect<Changed>();
        var batch = _rig.Client.Expect<BatchRead>().Batch!;
        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch));
        _rig.Release(pass, batch);
        _rig.DrainAll(Lane.Bulk);
        _rig.DrainAll(Lane.Priority);
        var counts = _rig.Counts();
        (counts.Pending, counts.Dead, counts.AckedEver).ShouldBe((0, 0, 12));
    }

    [Fact]
    [Trait("criterion", "D5")]
    public void A_key_that_dies_during_a_read_is_not_in_what_it_gives()
    {
        var ids = Mixed();
        var pass = OpenWithKeysKnown();
        Tell(new ReadBatch(Lane.Priority, pass, 500, 1 << 20, _rig.Client.Ref));
        Tell(new ParkOperation(ids[1], _rig.Client.Ref));
        _rig.Client.Expect<Changed>().Count.ShouldBe(1);
        var late = _rig.Client.Expect<BatchRead>().Batch!;
        late.Rows.ToArray().Select(row => row.Id).ShouldNotContain(ids[1]);
        late.Rows.ToArray().Select(row => row.Id).ShouldNotContain(ids[12]);
    }

    [Fact]
    [Trait("criterion", "D1")]
    public void A_pass_that_is_over_reads_nothing_and_moves_nothing()
    {
        Mixed();
        var old = _rig.Open(Lane.Priority);
        Tell(new ReadBatch(Lane.Priority, old, 500, 1 << 20, _rig.Client.Ref));
        Tell(new OpenPass(Lane.Priority, _rig.Client.Ref));
        var pass = _rig.Client.Expect<PassOpened>().Pass;
        _rig.Client.Expect<BatchRead>().ShouldBe(new BatchRead(Lane.Priority, old, null, 7));
        _rig.Read(Lane.Priority, pass)!.Rows.ToArray().Count(row => row.Lane == Lane.Priority).ShouldBe(7);
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_shift_that_is_asked_for_during_a_read_leaves_the_stamp_that_the_hub_took()
    {
        var ids = Mixed();
        var pass = _rig.Open(Lane.Priority);
        Tell(new ReadBatch(Lane.Priority, pass, 500, 1 << 20, _rig.Client.Ref));
        Tell(new RecoverFromRegression(100, _rig.Client.Ref));
        var batch = _rig.Client.Expect<BatchRead>().Batch!;
        _rig.Client.Expect<Recovered>();
        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch));
        var row = _rig.Ask<JournalRow>(to => new GetOperation(ids[1], to));
        (row.State, row.Lamport).ShouldBe((RowState.Acked, batch.Rows.ToArray().Single(sent => sent.Id == ids[1]).Lamport));
    }

    public void Dispose() => _rig.Dispose();

    // The filter of keys is filled in steps of its own, before the read is planned.
    private long OpenWithKeysKnown()
    {
        _rig.Read(Lane.Priority, _rig.Open(Lane.Priority)).ShouldNotBeNull();
        return _rig.Open(Lane.Priority);
    }

    // Both lanes, keys in both: each read has to look. The last is a later one of the first urgent key.
    private List<OperationId> Mixed() =>
        [
            .. _rig.Enqueue([
                    .. Enumerable.Range(0, 12).Select(i => JournalRig.Set($"k{i / 2}", lane: i % 2 == 0 ? Lane.Bulk : Lane.Priority)),
                    JournalRig.Set("k0"),
                ])
                .Select(accepted => accepted.OperationId),
        ];

    private void Tell(IJournalCommand command) => _rig.Port.Tell(command);
}
