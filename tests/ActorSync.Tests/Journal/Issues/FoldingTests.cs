using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>Each acked row of one lane cost a walk through the other lane's whole backlog, in one go.</summary>
public sealed class FoldingTests : IDisposable
{
    private const int Backlog = 2_000;

    private readonly JournalRig _rig = new JournalRig(stepRows: 20).Start();

    [Fact]
    [Trait("criterion", "Q10")]
    public void Folding_an_acked_row_does_not_go_through_the_backlog_of_the_other_lane()
    {
        for (var i = 0; i < Backlog; i += 500)
        {
            _rig.Enqueue([.. Enumerable.Range(i, 500).Select(k => JournalRig.Bulk($"b{k}"))]);
        }

        SendOne("first");
        _rig.World.Run(TimeSpan.FromSeconds(2));
        Unfolded().ShouldBe(0);
        for (var i = 0; i < 10; i++)
        {
            SendOne($"p{i}");
            var before = _rig.World.Steps;
            _rig.World.Run(TimeSpan.FromSeconds(1));
            (_rig.World.Steps - before).ShouldBeLessThan(20);
            Unfolded().ShouldBe(0);
        }
    }

    public void Dispose() => _rig.Dispose();

    private void SendOne(string id)
    {
        _rig.Enqueue(JournalRig.Set(id));
        _rig.DrainAll(Lane.Priority).Count.ShouldBe(1);
    }

    private long Unfolded()
    {
        var copy = Path.Combine(_rig.Folder, "copy.db");
        _rig.CopyTo(copy);
        return JournalRecount.Of(copy).ShouldAddUp()["unfolded"];
    }
}
