using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>Rows behind a mark that may still move were taken off the counters again when an answer named them again.</summary>
[Trait("criterion", "D8")]
public sealed class CountedTwiceTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig().Start();

    public CountedTwiceTests() => _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"), JournalRig.Set("c"));

    [Fact]
    public void A_batch_whose_first_answer_named_some_is_replayed_whole()
    {
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [1])).Acked.ShouldBe(1);
        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch)).Acked.ShouldBe(2);
        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch)).Acked.ShouldBe(0);
        ShouldBeEmpty();
    }

    [Fact]
    public void The_answer_to_an_older_pass_comes_while_its_rows_are_out_again()
    {
        var old = _rig.Open(Lane.Priority);
        var before = _rig.Read(Lane.Priority, old)!;
        var pass = _rig.Open(Lane.Priority);
        var again = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(old, before, JournalRig.Accept(before, [0, 1])).Acked.ShouldBe(2);
        _rig.Settle(pass, again, JournalRig.AcceptAll(again)).Acked.ShouldBe(1);
        ShouldBeEmpty();
    }

    public void Dispose() => _rig.Dispose();

    private void ShouldBeEmpty()
    {
        var counts = _rig.Counts();
        (counts.Pending, counts.PayloadBytes, counts.AckedEver).ShouldBe((0, 0, 3));
        _rig.Digest();
        var copy = Path.Combine(_rig.Folder, "copy.db");
        _rig.CopyTo(copy);
        JournalRecount.Of(copy).ShouldAddUp().Rows.ShouldBeEmpty();
    }
}
