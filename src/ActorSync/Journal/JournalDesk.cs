using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Carries out the journal's commands on its open store. On the actor's thread, part of the actor.</summary>
internal sealed class JournalDesk(JournalStore store, Receipts receipts, JournalJobs jobs)
{
    public Subscribers Subscribers { get; } = new();

    /// <summary>False: not one of ours.</summary>
    public bool TryCarryOut(IJournalCommand command)
    {
        switch (command)
        {
            case OpenPass open:
                var pass = Lane(open.Lane).Open(store.Tables.Row.Mark(open.Lane));
                open.ReplyTo.Tell(new PassOpened(open.Lane, pass, store.Tables.Row.Pending(open.Lane)));
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
            case HoldKey hold when hold.Pass == Lane(hold.Lane).Pass:
                Lane(hold.Lane).Held.Add(hold.Batch.Rows[hold.Index].Entity);
                break;
            case ReleaseBatch release:
                Release(release);
                break;
            case RecoverFromRegression regression:
                Recover(regression);
                break;
            case RetryDead retry:
                Change(retry, () => retry.Operation is { } one ? store.Aside.Retry(one) : store.Aside.RetryAll());
                break;
            case DiscardDead discard:
                Change(discard, () => store.Aside.Discard(discard.Operation, discard.Reason, receipts.Settled));
                break;
            case ParkOperation park:
                Change(park, () => store.Aside.Park(park.Operation));
                break;
            case ClearQueue clear:
                Change(clear, store.Aside.Clear);
                receipts.TellCleared();
                break;
            case AwaitReceipt receipt:
                receipts.Await(receipt);
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
                query.ReplyTo.Tell(new Rows(store.Queries.List(list.State, list.AfterSeq, list.Limit)));
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
            case GetEntities entities:
                jobs.Start(store.Queries.ReadEntities(entities, found => entities.ReplyTo.Tell(found)), entities.ReplyTo);
                break;
            default:
                return false;
        }

        return true;
    }

    // ---- drain ----

    private LaneReading Lane(Lane lane) => store.Tables[lane];

    private void Read(ReadBatch read)
    {
        if (read.Pass == Lane(read.Lane).Pass)
        {
            jobs.Start(store.Reader.Read(read.Lane, read.MaxOperations, read.MaxBytes, batch => Reply(read, batch)), read.ReplyTo);
        }
    }

    private void Reply(ReadBatch read, PushBatch? batch) =>
        read.ReplyTo.Tell(new BatchRead(read.Lane, read.Pass, batch, store.Tables.Row.Pending(read.Lane)));

    private void Settle(SettleBatch settle)
    {
        var before = store.Tables.Row;
        var (acked, dead, parked) = store.Settle(settle.Batch, settle.Result, receipts.Settled);
        settle.ReplyTo.Tell(new BatchSettled(settle.Lane, settle.Pass, acked, dead, parked, store.Tables.Row.Pending(settle.Lane)));
        receipts.TellCommitted();
        // What was parked behind an acked head is pending again.
        Subscribers.News(
            store.Tables.Row.Parked < before.Parked && store.Tables.Row.PendingPriority > 0,
            store.Tables.Row.Parked < before.Parked && store.Tables.Row.PendingBulk > 0
        );
    }

    private void Release(ReleaseBatch release)
    {
        store.Reader.Release(release.Batch);
        var other = store.Tables.Other(release.Lane);
        if (other.Waiting)
        {
            other.Waiting = false;
            Subscribers.News(other.Lane == Model.Lane.Priority, other.Lane == Model.Lane.Bulk);
        }
    }

    private void Recover(RecoverFromRegression regression)
    {
        var delta = store.BeginShift(regression.StoredMax);
        jobs.Start(Shifting(), regression.ReplyTo);

        IEnumerable<JournalStep> Shifting()
        {
            foreach (var step in store.Shift())
            {
                yield return step;
            }

            regression.ReplyTo.Tell(new Recovered(store.Tables.Row.Lamport, delta));
        }
    }

    // ---- dead letters and receipts ----

    private void Change(IJournalCommand command, Func<long> change)
    {
        long count = 0;
        store.Tables.Write(() => count = change());
        command.ReplyTo.Tell(new Changed(count));
        receipts.TellCommitted();
        Subscribers.News(store.Tables.Row.PendingPriority > 0, store.Tables.Row.PendingBulk > 0);
    }
}
