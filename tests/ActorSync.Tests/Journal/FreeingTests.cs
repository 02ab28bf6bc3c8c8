using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>Much that is parked is freed, and a long queue is cleared, in steps: served in between, gone on with after a kill, nothing overtaken.</summary>
public sealed class FreeingTests
{
    private const int Behind = 43;
    private const int StepRows = 40;
    private const int Chunk = 4;

    [Fact]
    [Trait("criterion", "D17")]
    public void An_enqueue_is_served_while_much_is_freed_and_stays_behind_what_is_older()
    {
        using var rig = NewRig();
        var ids = ParkedBehindOne(rig);
        rig.Port.Tell(new DiscardDead(ids[0], "no use", rig.Client.Ref));
        rig.Port.Tell(new EnqueueMany([JournalRig.Set("a"), JournalRig.Set("b")], null, rig.Client.Ref));
        rig.Port.Tell(new GetCounts(rig.Client.Ref));
        rig.Client.Expect<Changed>().Count.ShouldBe(1);
        var late = rig.Client.Expect<Stored>().Accepted.Select(accepted => accepted.OperationId).ToList();
        rig.Client.Expect<JournalCounts>()
            .Parked.ShouldBe(Behind - Chunk + 1, "the first of them are free, and the new one stands at the end");
        rig.DrainAll(Lane.Priority, 7).Where(id => id != late[1]).ShouldBe([.. ids.Skip(1), late[0]]);
        Left(rig).ShouldBe((0, 0, 0));
    }

    [Theory]
    [Trait("criterion", "D19")]
    [InlineData(Way.Discarded)]
    [InlineData(Way.Acked)]
    [InlineData(Way.DiscardedBeforeAnother)]
    public void A_kill_at_any_message_of_it_loses_nothing_and_keeps_the_order(Way way)
    {
        var cutShort = 0;
        for (var messages = 0; messages < 30; messages++)
        {
            using var rig = NewRig();
            var ids = ParkedBehindOne(rig, another: way == Way.DiscardedBeforeAnother ? 20 : null);
            var expected = ids.RemoveAt(0);
            if (way == Way.Acked)
            {
                Retried(rig, ids[0]);
            }
            else
            {
                rig.Port.Tell(new DiscardDead(ids[0], "no use", rig.World.Probe().Ref));
            }

            var until = rig.World.Steps + messages;
            rig.World.RunUntil(() => rig.World.Steps >= until);
            rig.Kill();
            var parked = JournalRecount.Of(rig.Path).Rows.Count(row => row.Meant == RowState.Parked);
            cutShort += parked is > 0 and < Behind ? 1 : 0;
            rig.Start();
            var late = rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
            rig.Ask<Changed>(to => new RetryDead(null, to));
            // A kill before the discard leaves it dead, and it goes with the rest.
            rig.DrainAll(Lane.Priority, 5).Where(id => id != ids[0]).ShouldBe([.. expected, late], $"{messages} messages");
            Left(rig).ShouldBe((0, 0, 0), $"{messages} messages");
        }

        cutShort.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void A_freed_row_that_dies_while_later_ones_are_still_parked_is_their_head()
    {
        using var rig = NewRig();
        var ids = ParkedBehindOne(rig);
        rig.Port.Tell(new DiscardDead(ids[0], "no use", rig.World.Probe().Ref));
        // The last of those that are free by now: it stands where the old head has come to.
        rig.Ask<Changed>(to => new ParkOperation(ids[Chunk], to)).Count.ShouldBe(1);
        rig.DrainAll(Lane.Priority).ShouldBe(ids.Skip(1).Take(Chunk - 1));
        Left(rig).ShouldBe((0, Behind - Chunk, 1));
        rig.Ask<Changed>(to => new RetryDead(null, to)).Count.ShouldBe(1);
        rig.DrainAll(Lane.Priority).ShouldBe(ids.Skip(Chunk));
        Left(rig).ShouldBe((0, 0, 0));
    }

    [Fact]
    [Trait("criterion", "D19")]
    public void Many_dead_letters_are_retried_in_steps_and_counted_once()
    {
        using var rig = NewRig();
        var ids = Ids(rig, [.. Enumerable.Range(0, 23).Select(i => JournalRig.Set($"k{i % 7}"))]);
        foreach (var id in ids)
        {
            rig.Ask<Changed>(to => new ParkOperation(id, to)).Count.ShouldBe(1);
        }

        rig.Port.Tell(new RetryDead(null, rig.Client.Ref));
        rig.Port.Tell(new GetCounts(rig.Client.Ref));
        rig.Client.Expect<JournalCounts>().Dead.ShouldBeInRange(1, 22);
        rig.Client.Expect<Changed>().Count.ShouldBe(23);
        rig.DrainAll(Lane.Priority).Order(ById(ids)).ShouldBe(ids);
        Left(rig).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void A_cleared_queue_shows_what_is_left_on_the_way_and_keeps_what_comes_meanwhile()
    {
        using var rig = NewRig();
        var ids = ParkedBehindOne(rig);
        rig.Port.Tell(new ClearQueue(rig.Client.Ref));
        rig.Port.Tell(new GetCounts(rig.Client.Ref));
        rig.Port.Tell(new EnqueueMany([JournalRig.Set("a")], null, rig.Client.Ref));
        var onTheWay = rig.Client.Expect<JournalCounts>();
        onTheWay.Parked.ShouldBeInRange(1, Behind - 1);
        var late = rig.Client.Expect<Stored>().Accepted.Single().OperationId;
        rig.Client.Expect<Changed>().Count.ShouldBe(ids.Count);
        rig.DrainAll(Lane.Priority).ShouldBe([late], "the head that it waited for is gone");
        Left(rig).ShouldBe((0, 0, 0));
        rig.Counts().PayloadBytes.ShouldBe(0);
    }

    [Fact]
    public void A_kill_in_the_middle_of_clearing_leaves_the_oldest_as_they_were()
    {
        var cutShort = 0;
        for (var messages = 0; messages < 25; messages++)
        {
            using var rig = NewRig();
            var ids = ParkedBehindOne(rig);
            rig.Port.Tell(new ClearQueue(rig.World.Probe().Ref));
            var until = rig.World.Steps + messages;
            rig.World.RunUntil(() => rig.World.Steps >= until);
            rig.Kill();
            rig.Start();
            var counts = rig.Counts();
            var left = (int)(counts.Dead + counts.Parked + counts.Pending);
            cutShort += left > 0 && left < ids.Count ? 1 : 0;
            rig.Ask<Changed>(to => new RetryDead(null, to)).Count.ShouldBe(left > 0 ? 1 : 0);
            rig.DrainAll(Lane.Priority).ShouldBe(ids.Take(left), $"{messages} messages");
            Left(rig).ShouldBe((0, 0, 0), $"{messages} messages");
        }

        cutShort.ShouldBeGreaterThan(3);
    }

    public enum Way
    {
        Discarded,
        Acked,
        DiscardedBeforeAnother,
    }

    private static JournalRig NewRig() => new JournalRig(stepRows: StepRows).Start();

    /// <summary>A dead letter and what came after it, met and parked.</summary>
    /// <param name="another">One of the later ones is dead too: what is behind it stays there when the first goes.</param>
    private static ImmutableList<OperationId> ParkedBehindOne(JournalRig rig, int? another = null)
    {
        var ids = Ids(rig, [.. Enumerable.Range(0, Behind + 1).Select(_ => JournalRig.Set("a"))]);
        rig.Ask<Changed>(to => new ParkOperation(ids[0], to)).Count.ShouldBe(1);
        if (another is { } second)
        {
            rig.Ask<Changed>(to => new ParkOperation(ids[second], to)).Count.ShouldBe(1);
        }

        rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        var dead = another is null ? 1 : 2;
        Left(rig).ShouldBe((0, ids.Count - dead, dead));
        return ids;
    }

    private static void Retried(JournalRig rig, OperationId head)
    {
        rig.Ask<Changed>(to => new RetryDead(head, to)).Count.ShouldBe(1);
        var pass = rig.Open(Lane.Priority);
        var batch = rig.Read(Lane.Priority, pass)!;
        batch.Count.ShouldBe(1);
        rig.Port.Tell(new SettleBatch(Lane.Priority, pass, batch, JournalRig.AcceptAll(batch), rig.World.Probe().Ref));
    }

    private static ImmutableList<OperationId> Ids(JournalRig rig, NewOperation[] operations) =>
        [.. rig.Enqueue(operations).Select(accepted => accepted.OperationId)];

    private static (long Pending, long Parked, long Dead) Left(JournalRig rig) =>
        rig.Counts() is var counts ? (counts.Pending, counts.Parked, counts.Dead) : default;

    private static Comparer<OperationId> ById(ImmutableList<OperationId> ids) =>
        Comparer<OperationId>.Create((a, b) => ids.IndexOf(a).CompareTo(ids.IndexOf(b)));
}
