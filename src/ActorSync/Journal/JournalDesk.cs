using ActorSync.Model;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Carries out the journal's commands on its open store. On the actor's thread, part of the actor.</summary>
internal sealed class JournalDesk(JournalStore store, Receipts receipts, JournalJobs jobs, ILoggingAdapter log)
{
    private bool _goesOnFreeing;

    public Subscribers Subscribers { get; } = new();

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
                store.RecordAttempt(attempt.Batch, attempt.From, attempt.Count, attempt.Error);
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
                Change(discard, () => store.Aside.Discard(discard.Operation, discard.Reason, receipts.Settled));
                break;
            case ParkOperation park:
                Change(park, () => store.Aside.Bury(park.Operation, receipts.Settled));
                break;
            case ClearQueue clear:
                jobs.Start(store.Clear(count => Cleared(clear, count)), clear);
                break;
            case AwaitReceipt receipt:
                receipts.Await(receipt);
                break;
            case ForgetReceipt receipt:
                receipts.Forget(receipt);
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
                query.ReplyTo.Tell(store.Queries.Counts());
                break;
            case GetOperation one:
                query.ReplyTo.Tell(store.Queries.Find(one.Operation) ?? (object)new NoSuchOperation(one.Operation));
                break;
            case ListOperations list:
                query.ReplyTo.Tell(store.Queries.List(list.State, list.AfterSeq, list.Limit));
                break;
            case GetCheckpoint checkpoint:
                query.ReplyTo.Tell(new SourceCheckpoint(checkpoint.Source, store.Queries.Checkpoint(checkpoint.Source)));
                break;
            case GetSettings:
                query.ReplyTo.Tell(store.Queries.ReadSettings());
                break;
            case PatchSettings patch:
                store.Queries.Patch(patch.Patch);
                query.ReplyTo.Tell(store.Queries.ReadSettings());
                break;
            case GetDigest digest:
                jobs.Start(Digest(digest), digest);
                break;
            case GetEntities entities:
                jobs.Start(store.Entities.Read(entities, found => entities.ReplyTo.Tell(found)), entities);
                break;
            default:
                return false;
        }

        return true;
    }

    private IEnumerable<JournalStep> Digest(GetDigest digest)
    {
        store.Folding.Holds++;
        while (store.Folding.Fold(store.Tables.Settings.FoldOperations))
        {
            yield return JournalStep.More;
        }

        foreach (var step in store.Replica.Digest((whole, entities) => digest.ReplyTo.Tell(new ReplicaDigested(whole, entities))))
        {
            yield return step;
        }

        store.Folding.Holds--;
    }

    // ---- drain ----

    private LaneReading Lane(Lane lane) => store.Tables[lane];

    private void Open(OpenPass open)
    {
        var pass = Lane(open.Lane).Open(store.Tables.Row.Mark(open.Lane));
        open.ReplyTo.Tell(new PassOpened(open.Lane, pass, store.Tables.Row.Pending(open.Lane)));
        LetGo(open.Lane);
    }

    private void Read(ReadBatch read)
    {
        if (read.Pass == Lane(read.Lane).Pass)
        {
            jobs.Start(store.Reader.Read(read.Lane, read.Pass, read.MaxOperations, read.MaxBytes, batch => Reply(read, batch)), read);
        }
    }

    private void Reply(ReadBatch read, PushBatch? batch) =>
        read.ReplyTo.Tell(new BatchRead(read.Lane, read.Pass, batch, store.Tables.Row.Pending(read.Lane)));

    private void Settle(SettleBatch settle)
    {
        var counts = store.Settle(settle.Batch, settle.Result, receipts.Settled);
        settle.ReplyTo.Tell(
            new BatchSettled(settle.Lane, settle.Pass, counts.Acked, counts.Dead, counts.Parked, store.Tables.Row.Pending(settle.Lane))
        );
        receipts.TellCommitted();
        foreach (var given in counts.GivenUp)
        {
            log.Warning("The hub does not take {0}, which another device made; it is no longer offered: {1}", given.Operation, given.Error);
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
            store.Tables.Unrest++;
        }
    }

    private void Release(ReleaseBatch release)
    {
        store.Reader.Release(release.Batch);
        LetGo(release.Lane);
    }

    /// <summary>What the other lane left out because of this one may go now.</summary>
    private void LetGo(Lane lane)
    {
        var other = store.Tables.Other(lane);
        if (other.StopWaiting())
        {
            Subscribers.News(other.Lane == Model.Lane.Priority, other.Lane == Model.Lane.Bulk);
        }
    }

    private void Recover(RecoverFromRegression regression)
    {
        jobs.Start(Shifting(), regression);

        // All of it in the job: what is being read while it is asked for was read before it, and a shift that a crash left is done first.
        IEnumerable<JournalStep> Shifting()
        {
            foreach (var step in store.Shift())
            {
                yield return step;
            }

            var delta = store.BeginShift(regression.StoredMax);
            foreach (var step in store.Shift())
            {
                yield return step;
            }

            regression.ReplyTo.Tell(new Recovered(store.Tables.Row.Lamport, delta));
        }
    }

    // ---- dead letters and receipts ----

    private void Retry(RetryDead retry)
    {
        if (retry.Operation is { } one)
        {
            Change(retry, () => store.Aside.Retry(one));
        }
        else
        {
            jobs.Start(store.RetryAll(count => HasChanged(retry, count)), retry);
        }
    }

    private void Change(IJournalCommand command, Func<long> change)
    {
        long count = 0;
        store.Tables.Write(() => count = change());
        HasChanged(command, count);
    }

    private void Cleared(ClearQueue clear, long count)
    {
        receipts.TellCleared();
        HasChanged(clear, count);
    }

    private void HasChanged(IJournalCommand command, long count)
    {
        command.ReplyTo.Tell(new Changed(count));
        receipts.TellCommitted();
        TellPending();
        GoOnFreeing();
    }

    /// <summary>What one transaction was too short for.</summary>
    public void GoOnFreeing()
    {
        if (store.Aside.IsFreeing && !_goesOnFreeing)
        {
            _goesOnFreeing = true;
            jobs.Start(Freeing(), null);
        }
    }

    private IEnumerable<JournalStep> Freeing()
    {
        foreach (var step in store.Free(TellPending))
        {
            yield return step;
        }

        _goesOnFreeing = false;
    }

    private void TellPending() => Subscribers.News(store.Tables.Row.PendingPriority > 0, store.Tables.Row.PendingBulk > 0);
}
