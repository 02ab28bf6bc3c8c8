using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.TestKit;
using Akka.Actor;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>Whatever happens to the journal, each asker hears exactly once.</summary>
[Trait("criterion", "S9")]
public sealed class FailingTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig(stepRows: 2).Start();

    [Fact]
    public void A_crash_at_any_message_answers_everybody_once()
    {
        for (var k = 0; k < 40; k++)
        {
            var askers = Ask(crashAfter: k);
            _rig.World.Run(TimeSpan.FromSeconds(1));
            foreach (var (what, asker) in askers)
            {
                asker.Received.Count.ShouldBe(1, $"{what} with a crash after {k} messages");
            }

            _rig.Parent.Fish<JournalRig.Stopped>();
            _rig.Start();
            // What goes in steps is gone on with.
            _rig.World.Run(TimeSpan.FromSeconds(1));
            var copy = Path.Combine(_rig.Folder, "copy.db");
            _rig.CopyTo(copy);
            JournalRecount.Of(copy).ShouldAddUp();
        }
    }

    [Fact]
    public void A_storage_failure_answers_everybody_once()
    {
        _rig.Enqueue([.. Enumerable.Range(0, 20).Select(i => JournalRig.Set($"k{i}", lane: (Lane)(i % 2)))]);
        using (var db = SqliteDb.Open(_rig.Path, null))
        {
            // Behind the journal's back: whatever touches the queue fails from now on.
            db.LeaveAsIs(true);
            db.Execute("ALTER TABLE op_journal RENAME TO gone");
        }

        var askers = Ask(crashAfter: null);
        _rig.World.Run(TimeSpan.FromSeconds(1));
        foreach (var (what, asker) in askers)
        {
            asker.Received.Count.ShouldBe(1, what);
        }

        _rig.Parent.Fish<JournalRig.Failed>().Cause.ShouldBeOfType<SqliteFailure>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Long_work_that_fails_at_its_first_step_answers_once(int which)
    {
        _rig.Enqueue(JournalRig.Set("a"), JournalRig.Bulk("a"));
        var pass = _rig.Open(Lane.Priority);
        using (var db = SqliteDb.Open(_rig.Path, null))
        {
            db.LeaveAsIs(true);
            db.Execute("ALTER TABLE op_journal RENAME TO gone; ALTER TABLE replica RENAME TO gone_too");
        }

        var asker = _rig.World.Probe();
        _rig.Port.Tell(
            which switch
            {
                0 => new ReadBatch(Lane.Priority, pass, 10, 1 << 20, asker.Ref),
                1 => new GetDigest(asker.Ref),
                2 => new GetEntities("thing", null, null, 10, asker.Ref),
                _ => new RecoverFromRegression(100, asker.Ref),
            }
        );
        asker.Expect<Unavailable>();
        asker.ExpectNone();
        _rig.Parent.Fish<JournalRig.Stopped>();
    }

    [Fact]
    public void A_caller_whose_group_fails_gets_the_typed_refusal_and_its_pooled_request_is_not_answered_again()
    {
        using (var db = SqliteDb.Open(_rig.Path, null))
        {
            db.LeaveAsIs(true);
            db.Execute("ALTER TABLE op_journal RENAME TO gone");
        }

        var tasks = Enumerable.Range(0, 5).Select(i => Enqueue($"k{i}")).ToList();
        foreach (var task in tasks)
        {
            Should.Throw<JournalUnavailableException>(() => _rig.World.Await(task)).Code.ShouldBe("journal_unavailable");
        }

        Should.Throw<JournalUnavailableException>(() => _rig.World.Await(Enqueue("k")));
    }

    [Fact]
    public void Receipts_are_awaited_across_other_work_and_fail_with_the_journal()
    {
        var ids = _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"), JournalRig.Set("c"), JournalRig.Set("d"))
            .Select(a => a.OperationId)
            .ToList();
        var waiters = ids.Select(id => Await(id)).ToList();
        var unknown = Await(new OperationId(Guid.Parse("0190f3a0-0000-7000-8000-00000000dead")));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [0]));
        _rig.Settle(pass, batch, JournalRig.Reject(1));
        _rig.Settle(pass, batch, JournalRig.Reject(2));
        _rig.Ask<Changed>(to => new DiscardDead(ids[2], "no use", to));
        waiters[0].Expect<ReceiptKnown>().ShouldBe(new ReceiptKnown(ids[0], ReceiptState.Acked, null));
        waiters[1].Expect<ReceiptKnown>().ShouldBe(new ReceiptKnown(ids[1], ReceiptState.Dead, "invalid_payload: the hub says no"));
        waiters[2].Expect<ReceiptKnown>().State.ShouldBe(ReceiptState.Dead);
        Await(ids[2]).Expect<ReceiptKnown>().ShouldBe(new ReceiptKnown(ids[2], ReceiptState.Discarded, "no use"));
        unknown.Expect<ReceiptKnown>().State.ShouldBe(ReceiptState.Unknown);
        waiters[3].Waiting.ShouldBe(0);
        _rig.Crash();
        waiters[3].Expect<Unavailable>();
        _rig.Start();
        var cleared = Await(ids[3]);
        _rig.Ask<Changed>(to => new ClearQueue(to)).Count.ShouldBe(2);
        cleared.Expect<ReceiptKnown>().State.ShouldBe(ReceiptState.Discarded);

        Probe Await(OperationId id)
        {
            var waiter = _rig.World.Probe();
            _rig.Port.Tell(new AwaitReceipt(id, waiter.Ref));
            return waiter;
        }
    }

    [Fact]
    public void A_receipt_that_its_asker_gave_up_is_not_kept()
    {
        var id = _rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
        var (gone, stays) = (_rig.World.Probe(), _rig.World.Probe());
        _rig.Port.Tell(new AwaitReceipt(id, gone.Ref));
        _rig.Port.Tell(new AwaitReceipt(id, stays.Ref));
        _rig.Port.Tell(new ForgetReceipt(id, gone.Ref));
        _rig.DrainAll(Lane.Priority).ShouldBe([id]);
        stays.Expect<ReceiptKnown>().State.ShouldBe(ActorSync.Journal.ReceiptState.Acked);
        gone.ExpectNone();
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void What_was_read_for_a_lane_that_has_crashed_is_read_again_and_booked_once_if_it_was_sent()
    {
        var ids = _rig.Enqueue([.. Enumerable.Range(0, 6).Select(i => JournalRig.Set($"k{i}"))]).Select(a => a.OperationId).ToList();
        var pass = _rig.Open(Lane.Priority);
        var sent = _rig.Read(Lane.Priority, pass, 2)!;
        // Read ahead for it, and it is not there any more to take it.
        _rig.Read(Lane.Priority, pass, 2).ShouldNotBeNull();
        var next = _rig.Open(Lane.Priority);
        var again = _rig.Read(Lane.Priority, next)!;
        again.Rows.ToArray().Select(row => row.Id).ShouldBe(ids);
        // The answer to what the crashed one had sent comes after all.
        _rig.Settle(pass, sent, JournalRig.AcceptAll(sent)).Acked.ShouldBe(2);
        _rig.Settle(next, again, JournalRig.AcceptAll(again)).Acked.ShouldBe(4);
        _rig.Release(next, again);
        _rig.Read(Lane.Priority, next).ShouldBeNull();
        _rig.Counts().ShouldSatisfyAllConditions(counts => counts.Pending.ShouldBe(0), counts => counts.AckedEver.ShouldBe(6));
    }

    [Fact]
    [Trait("criterion", "D2")]
    public void News_of_pending_operations_is_one_unread_word_a_subscriber()
    {
        var drain = _rig.World.Probe();
        _rig.Port.Tell(new Subscribe(drain.Ref));
        _rig.Enqueue(JournalRig.Set("a"));
        _rig.Enqueue(JournalRig.Bulk("b"));
        drain.Expect<OperationsPending>().ShouldBe(new OperationsPending(true, false));
        drain.ExpectNone();
        _rig.Port.Tell(new Subscribe(drain.Ref));
        drain.Expect<OperationsPending>().ShouldBe(new OperationsPending(false, true));
    }

    public void Dispose() => _rig.Dispose();

    // One of each command, each with an asker of its own, a batch or two out, the crash among them.
    private List<(string What, Probe Asker)> Ask(int? crashAfter)
    {
        var askers = new List<(string, Probe)>();
        var id = new OperationId(Guid.Parse("0190f3a0-0000-7000-8000-000000000001"));
        Func<IActorRef, IJournalCommand>[] commands =
        [
            to => new EnqueueMany(
                [JournalRig.Set("k1", operation: id), JournalRig.Bulk("k1"), JournalRig.Set("k2"), JournalRig.Bulk("k3")],
                null,
                to
            ),
            to => new EnqueueMany([.. Enumerable.Range(0, 9).Select(i => JournalRig.Set($"k{i}", lane: (Lane)(i % 2)))], null, to),
            to => new GetCounts(to),
            to => new OpenPass(Lane.Priority, to),
            to => new ParkOperation(id, to),
            to => new GetDigest(to),
            to => new RecoverFromRegression(500, to),
            to => new GetEntities("thing", null, null, 100, to),
            to => new RetryDead(null, to),
            to => new DiscardDead(id, "no", to),
            to => new GetOperation(id, to),
            to => new ListOperations(RowState.Pending, 0, 10, to),
            to => new GetCheckpoint("file:x", to),
            to => new GetSettings(to),
            to => new PatchSettings(System.Collections.Immutable.ImmutableSortedDictionary<string, string?>.Empty.Add("mode", "local"), to),
            to => new GetDigest(to),
            to => new ClearQueue(to),
            to => new EnqueueMany([JournalRig.Set("k1")], null, to),
        ];
        for (var i = 0; i < commands.Length; i++)
        {
            if (i == crashAfter)
            {
                _rig.World.Node.Crash(_rig.Journal);
            }

            var asker = _rig.World.Probe();
            var command = commands[i](asker.Ref);
            askers.Add((command.GetType().Name, asker));
            _rig.Port.Tell(command);
        }

        if (crashAfter is { } steps && steps >= commands.Length)
        {
            // In the middle of the long work.
            var until = _rig.World.Steps + ((steps - commands.Length) * 7);
            _rig.World.RunUntil(() => _rig.World.Steps >= until, TimeSpan.FromSeconds(1));
            _rig.World.Node.Crash(_rig.Journal);
        }

        return askers;
    }

    private Task<Accepted> Enqueue(string id)
    {
        Intake.Check(JournalRig.Set(id), new ActorSync.Platform.OperationIdSource(_rig.World.Time, _rig.World.Chance).Next, out var intake);
        var request = EnqueueRequest.Rent(intake, asynchronously: false);
        _rig.Port.Tell(request);
        return request.Task.AsTask();
    }
}
