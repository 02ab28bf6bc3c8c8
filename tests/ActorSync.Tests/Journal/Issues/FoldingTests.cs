using ActorSync.Journal;
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

    [Fact]
    [Trait("criterion", "Q9")]
    public void A_fold_moves_no_more_at_once_than_a_full_disk_has_room_for()
    {
        var payload = $"\"{new string('p', 100_000)}\"";
        _rig.Enqueue([.. Enumerable.Range(0, 20).Select(i => JournalRig.Set($"k{i}", payload))]);
        _rig.DrainAll(Lane.Priority);
        _rig.Stop();
        using var store = new JournalStore(_rig.Path, _rig.Settings, _rig.Platform, new JournalStatistics());
        var folds = 1;
        while (store.Folding.Fold(500))
        {
            folds++;
        }

        folds.ShouldBeInRange(6, 10);
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
