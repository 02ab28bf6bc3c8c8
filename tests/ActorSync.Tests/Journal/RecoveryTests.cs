using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>WIRE rule g.</summary>
[Trait("criterion", "D7")]
public sealed class RecoveryTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig(stepRows: 4).Start();

    [Fact]
    [Trait("criterion", "Q13")]
    public void A_restored_older_copy_moves_what_is_unpublished_once_and_keeps_ids_and_order()
    {
        _rig.Enqueue([.. Enumerable.Range(0, 10).Select(i => JournalRig.Set($"k{i % 3}"))]);
        var older = Path.Combine(_rig.Folder, "older.db");
        _rig.CopyTo(older);
        _rig.Enqueue([.. Enumerable.Range(0, 20).Select(i => JournalRig.Set($"k{i % 3}"))]);
        // The hub has all thirty. Now the older copy comes back, and something is edited.
        _rig.Stop();
        _rig.Path = older;
        _rig.Start();
        var edit = _rig.Enqueue(JournalRig.Set("k0")).Single();
        edit.Lamport.ShouldBe(11);
        var before = Pending();
        var recovered = _rig.Ask<Recovered>(to => new RecoverFromRegression(30, to));
        recovered.ShouldBe(new Recovered(41, 30));
        var after = Pending();
        after.Select(row => (row.OperationId, row.Seq)).ShouldBe(before.Select(row => (row.OperationId, row.Seq)));
        after.Select(row => row.Lamport).ShouldBe(before.Select(row => row.Lamport + 30));
        // The other lane meets the same answer.
        _rig.Ask<Recovered>(to => new RecoverFromRegression(30, to)).ShouldBe(new Recovered(41, 0));
        _rig.Ask<Recovered>(to => new RecoverFromRegression(41, to)).ShouldBe(new Recovered(41, 0));
        Pending().Select(row => row.Lamport).ShouldBe(after.Select(row => row.Lamport));
        _rig.Enqueue(JournalRig.Set("k0")).Single().Lamport.ShouldBe(42);
    }

    [Fact]
    public void Dead_and_parked_move_with_the_rest_and_acked_ones_do_not()
    {
        var ids = _rig.Enqueue([.. Enumerable.Range(0, 6).Select(i => JournalRig.Set("k", $"{i}"))]).Select(a => a.OperationId).ToList();
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass, 2)!;
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [0]));
        _rig.Settle(pass, batch, JournalRig.Reject(1)).Dead.ShouldBe(1);
        _rig.Release(pass, batch);
        _rig.DrainAll(Lane.Priority).ShouldBeEmpty();
        _rig.Counts().Parked.ShouldBe(4);
        _rig.Ask<Recovered>(to => new RecoverFromRegression(50, to)).Delta.ShouldBe(50 - 2 + 1);
        ids.Select(id => _rig.Ask<object>(to => new GetOperation(id, to)))
            .OfType<JournalRow>()
            .Where(row => row.State != RowState.Acked)
            .Select(row => row.Lamport)
            .ShouldBe([51L, 52L, 53L, 54L, 55L]);
        _rig.Ask<JournalRow>(to => new GetOperation(ids[0], to)).Lamport.ShouldBe(1);
    }

    [Fact]
    public void A_second_answer_that_asks_for_more_while_a_shift_is_under_way_gets_it()
    {
        _rig.Enqueue([.. Enumerable.Range(0, 40).Select(i => JournalRig.Set($"k{i}"))]);
        _rig.Port.Tell(new RecoverFromRegression(100, _rig.Client.Ref));
        _rig.Port.Tell(new RecoverFromRegression(1000, _rig.Client.Ref));
        _rig.Client.Expect<Recovered>().ShouldBe(new Recovered(140, 100));
        _rig.Client.Expect<Recovered>().ShouldBe(new Recovered(1040, 900));
        Pending().Select(row => row.Lamport).ShouldBe(Enumerable.Range(1001, 40).Select(lamport => (long)lamport));
    }

    [Fact]
    [Trait("criterion", "Q13")]
    public void A_shift_that_a_kill_cut_short_is_finished_before_anything_is_read()
    {
        // 41 rows in chunks of 4, killed after each message.
        var cutShort = 0;
        for (var messages = 0; messages < 16; messages++)
        {
            using var rig = new JournalRig(stepRows: 4).Start();
            var ids = rig.Enqueue([.. Enumerable.Range(0, 41).Select(i => JournalRig.Set($"k{i}"))]).Select(a => a.OperationId).ToList();
            rig.Port.Tell(new RecoverFromRegression(100, rig.World.Probe().Ref));
            var until = rig.World.Steps + messages;
            rig.World.RunUntil(() => rig.World.Steps >= until);
            rig.Kill();
            var isUnderWay = ShiftDelta(rig.Path) != 0;
            rig.Start();
            var batch = rig.Read(Lane.Priority, rig.Open(Lane.Priority))!;
            batch.Rows.ToArray().Select(row => row.Id).ShouldBe(ids);
            var first = batch.Rows[0].Lamport;
            first.ShouldBe(isUnderWay || first > 1 ? 101 : 1);
            batch
                .Rows.ToArray()
                .Select(row => row.Lamport - first)
                .ShouldBe(Enumerable.Range(0, 41).Select(i => (long)i), $"{messages} messages");
            rig.Enqueue(JournalRig.Set("late")).Single().Lamport.ShouldBe(first + 41);
            cutShort += isUnderWay ? 1 : 0;
        }

        cutShort.ShouldBeGreaterThan(3);
    }

    [Fact]
    [Trait("criterion", "D8")]
    public void An_answer_from_before_the_shift_is_adopted_with_its_stamp()
    {
        var id = _rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        _rig.Ask<Recovered>(to => new RecoverFromRegression(100, to)).Delta.ShouldBe(100);
        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch));
        _rig.Ask<JournalRow>(to => new GetOperation(id, to)).Lamport.ShouldBe(1);
    }

    public void Dispose() => _rig.Dispose();

    private List<JournalRow> Pending() => [.. _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, 1000, to)).Items];

    private static long ShiftDelta(string path)
    {
        using var db = SqliteDb.Open(path, null);
        db.LeaveAsIs(true);
        return db.QueryLong("SELECT shift_delta FROM clock");
    }
}
