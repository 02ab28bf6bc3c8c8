using ActorSync.Model;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Carries out the journal's commands on its open store. On the actor's thread, part of the actor.</summary>
internal sealed class JournalDesk
{
    private readonly JournalStore _store;
    private readonly Receipts _receipts;
    private readonly JournalJobs _jobs;
    private readonly InboundDesk _inbound;
    private readonly ILoggingAdapter _log;
    private bool _goesOnFreeing;

    public JournalDesk(JournalStore store, Receipts receipts, JournalJobs jobs, ILoggingAdapter log)
    {
        (_store, _receipts, _jobs, _log) = (store, receipts, jobs, log);
        _inbound = new InboundDesk(store, receipts, jobs, Freed);
        Changes = new ChangeDesk(store, jobs);
    }

    public Subscribers Subscribers { get; } = new();

    public ChangeDesk Changes { get; }

    /// <summary>False: not one of ours.</summary>
    public bool TryCarryOut(IJournalCommand command)
    {
        switch (command)
        {
            case OpenPass open:
                Open(open);
                break;
            case ReadBatch read:
                Read(read);
                break;
            case SettleBatch settle:
                Settle(settle);
                break;
            case RecordAttempt attempt:
                _store.RecordAttempt(attempt.Batch, attempt.From, attempt.Count, attempt.Error);
                attempt.ReplyTo.Tell(new AttemptRecorded(attempt.Lane, attempt.Pass));
                break;
            case HoldKey hold:
                Hold(hold);
                break;
            case ReleaseBatch release:
                Release(release);
                break;
            case RecoverFromRegression regression:
                Recover(regression);
                break;
            case RetryDead retry:
                Retry(retry);
                break;
            case DiscardDead discard:
                Change(discard, () => _store.Aside.Discard(discard.Operation, discard.Reason, _receipts.Settled));
                break;
            case ParkOperation park:
                Change(park, () => _store.Aside.Bury(park.Operation, _receipts.Settled));
                break;
            case ClearQueue clear:
                _jobs.Start(_store.Clear(count => Cleared(clear, count)), clear);
                break;
            case AwaitReceipt receipt:
                _receipts.Await(receipt);
                break;
            case ForgetReceipt receipt:
                _receipts.Forget(receipt);
                break;
            default:
                return TryAnswer(command);
        }

        return true;
    }

    private bool TryAnswer(IJournalCommand query)
    {
        switch (query)
        {
            case GetCounts:
                query.ReplyTo.Tell(
                    _store.Queries.Counts() with
                    {
                        Position = _store.Cursor.Position,
                        Conflicts = _store.Conflicts.Count(),
                    }
                );
                break;
            case GetOperation one:
                query.ReplyTo.Tell(_store.Queries.Find(one.Operation) ?? (object)new NoSuchOperation(one.Operation));
                break;
            case ListOperations list:
                query.ReplyTo.Tell(_store.Queries.List(list.State, list.AfterSeq, list.Limit));
                break;
            case GetCheckpoint checkpoint:
                query.ReplyTo.Tell(new SourceCheckpoint(checkpoint.Source, _store.Queries.Checkpoint(checkpoint.Source)));
                break;
            case GetSettings:
                query.ReplyTo.Tell(_store.Queries.ReadSettings());
                break;
            case GetDigest digest:
                _jobs.Start(Digest(digest), digest);
                break;
            case GetEntities entities:
                _jobs.Start(_store.Entities.Read(entities, found => entities.ReplyTo.Tell(found)), entities);
                break;
            default:
                return _inbound.TryCarryOut(query) || Changes.TryCarryOut(query);
        }

        return true;
    }

    private IEnumerable<JournalStep> Digest(GetDigest digest)
    {
        _store.Folding.Holds++;
        while (_store.Folding.Fold(_store.Tables.Settings.FoldOperations))
        {
            yield return JournalStep.More;
        }

        foreach (var step in _store.Replica.Digest((whole, entities) => digest.ReplyTo.Tell(new ReplicaDigested(whole, entities))))
        {
            yield return step;
        }

        _store.Folding.Holds--;
    }

    // ---- drain ----

    private LaneReading Lane(Lane lane) => _store.Tables[lane];

    private void Open(OpenPass open)
    {
        var pass = Lane(open.Lane).Open(_store.Tables.Row.Mark(open.Lane));
        open.ReplyTo.Tell(new PassOpened(open.Lane, pass, _store.Tables.Row.Pending(open.Lane)));
        LetGo(open.Lane);
    }

    private void Read(ReadBatch read)
    {
        if (read.Pass == Lane(read.Lane).Pass)
        {
            _jobs.Start(_store.Reader.Read(read.Lane, read.Pass, read.MaxOperations, read.MaxBytes, batch => Reply(read, batch)), read);
        }
    }

    private void Reply(ReadBatch read, PushBatch? batch) =>
        read.ReplyTo.Tell(new BatchRead(read.Lane, read.Pass, batch, _store.Tables.Row.Pending(read.Lane)));

    private void Settle(SettleBatch settle)
    {
        var counts = _store.Settle(settle.Batch, settle.Result, _receipts.Settled);
        settle.ReplyTo.Tell(
            new BatchSettled(settle.Lane, settle.Pass, counts.Acked, counts.Dead, counts.Parked, _store.Tables.Row.Pending(settle.Lane))
            {
                IsUnproven = counts.IsUnproven,
            }
        );
        _receipts.TellCommitted();
        foreach (var given in counts.GivenUp)
        {
            _log.Warning(
                "The hub does not take {0}, which another device made; it is no longer offered: {1}",
                given.Operation,
                given.Error
            );
        }

        if (counts.Freed > 0)
        {
            TellPending();
        }

        GoOnFreeing();
    }

    private void Hold(HoldKey hold)
    {
        if (hold.Pass == Lane(hold.Lane).Pass)
        {
            Lane(hold.Lane).Hold(hold.Batch.Rows[hold.Index].Entity);
            _store.Tables.Unrest++;
        }
    }

    private void Release(ReleaseBatch release)
    {
        _store.Reader.Release(release.Batch);
        LetGo(release.Lane);
    }

    /// <summary>What the other lane left out because of this one may go now.</summary>
    private void LetGo(Lane lane)
    {
        var other = _store.Tables.Other(lane);
        if (other.StopWaiting())
        {
            Subscribers.News(other.Lane == Model.Lane.Priority, other.Lane == Model.Lane.Bulk);
        }
    }

    private void Recover(RecoverFromRegression regression)
    {
        _jobs.Start(Shifting(), regression);

        // All of it in the job: what is being read while it is asked for was read before it, and a shift that a crash left is done first.
        IEnumerable<JournalStep> Shifting()
        {
            foreach (var step in _store.Shift())
            {
                yield return step;
            }

            var delta = _store.BeginShift(regression.StoredMax);
            foreach (var step in _store.Shift())
            {
                yield return step;
            }

            regression.ReplyTo.Tell(new Recovered(_store.Tables.Row.Lamport, delta));
        }
    }

    // ---- dead letters and receipts ----

    private void Retry(RetryDead retry)
    {
        if (retry.Operation is { } one)
        {
            Change(retry, () => _store.Aside.Retry(one));
        }
        else
        {
            _jobs.Start(_store.RetryAll(count => HasChanged(retry, count)), retry);
        }
    }

    private void Change(IJournalCommand command, Func<long> change)
    {
        long count = 0;
        _store.Tables.Write(() => count = change());
        HasChanged(command, count);
    }

    private void Cleared(ClearQueue clear, long count)
    {
        _receipts.TellCleared();
        HasChanged(clear, count);
    }

    private void HasChanged(IJournalCommand command, long count)
    {
        command.ReplyTo.Tell(new Changed(count));
        _receipts.TellCommitted();
        TellPending();
        GoOnFreeing();
    }

    private void Freed()
    {
        TellPending();
        GoOnFreeing();
    }

    /// <summary>What was under way when the journal was last closed.</summary>
    public void GoOn()
    {
        _inbound.GoOnForgetting();
        GoOnFreeing();
    }

    /// <summary>What one transaction was too short for.</summary>
    private void GoOnFreeing()
    {
        if (_store.Aside.IsFreeing && !_goesOnFreeing)
        {
            _goesOnFreeing = true;
            _jobs.Start(Freeing(), null);
        }
    }

    private IEnumerable<JournalStep> Freeing()
    {
        foreach (var step in _store.Free(TellPending))
        {
            yield return step;
        }

        _goesOnFreeing = false;
    }

    private void TellPending() => Subscribers.News(_store.Tables.Row.PendingPriority > 0, _store.Tables.Row.PendingBulk > 0);
}
