using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>The only one that touches the profile's SQLite file. Runs on its own thread; every write is a transaction, every reply comes after the commit.</summary>
/// <remarks>
/// Enqueues gather: the flush that the first of a group sends to itself comes behind everything that was in the mailbox, so one fsync serves them all.
/// Anything else commits the group first. Long work goes in steps between which the mailbox is served. A storage failure fails the group and the
/// actor; the parent opens a new one.
/// </remarks>
internal sealed class JournalActor(string path, JournalSettings settings, SyncPlatform platform, JournalStatistics statistics)
    : UntypedActor,
        IWithTimers
{
    private const string RoomTimer = "room";
    private const string FoldTimer = "fold";
    private static readonly TimeSpan LookForRoom = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FoldPause = TimeSpan.FromMilliseconds(100);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ReserveFile _reserve = new(path + ".reserve", platform.SqliteVfs is null ? settings.ReserveBytes : 0);
    private readonly OperationIdSource _ids = new(platform.Time, platform.Chance);
    private readonly Queue<(IEnumerator<JournalStep> Steps, IActorRef Asker)> _jobs = new();
    private readonly Subscribers _subscribers = new();
    private readonly Dictionary<OperationId, List<IActorRef>> _awaited = [];
    private readonly List<Settled> _settled = [];
    private JournalStore _store = null!;
    private bool _flushSent;
    private bool _foldHeld;
    private bool _hasRoom = true;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string path, JournalSettings settings, SyncPlatform platform, JournalStatistics statistics) =>
        Akka
            .Actor.Props.Create(() => new JournalActor(path, settings, platform, statistics))
            .WithDispatcher("actorsync.journal-dispatcher");

    protected override void PreStart()
    {
        _store = new JournalStore(path, settings, platform, statistics);
        LookForRoomNow();
        if (_store.Restamping.IsUnderWay)
        {
            Work(_store.Shift(), ActorRefs.Nobody);
        }

        ScheduleFold();
        Context.Parent.Tell(new JournalOpened(_store.Tables.Device));
        _log.Info("Journal {0} is open: {1} operations, clock {2}", path, _store.Tables.Row.Stored, _store.Tables.Row.Lamport);
    }

    protected override void PostStop()
    {
        _store?.Group.Fail(new Unavailable("the journal stopped", "hand the operation in again, with the same operation id"));
        foreach (var asker in _awaited.Values.SelectMany(all => all).Concat(_jobs.Select(job => job.Asker)))
        {
            asker.Tell(new Unavailable("the journal stopped", "ask again"), ActorRefs.NoSender);
        }

        _store?.Dispose();
    }

    protected override void OnReceive(object message)
    {
        try
        {
            Handle(message);
        }
        catch (SqliteFailure failure)
        {
            if (failure.IsFull)
            {
                _reserve.Release();
            }

            AnswerFailed(message, GroupCommit.Reason(failure));
            throw failure.IsCorruption ? JournalFile.Corrupt(path, failure) : failure;
        }
        catch (Exception failure)
        {
            AnswerFailed(message, failure.Message);
            throw;
        }
    }

    private void Handle(object message)
    {
        switch (message)
        {
            case IGroupMember member:
                Gather(member);
                break;
            case Flush:
                OnFlush();
                break;
            case EnqueueMany many:
                Take(many);
                break;
            case Continue:
                Step();
                break;
            case Fold:
                FoldSome();
                break;
            case LookForSpace:
                LookForRoomNow();
                break;
            case Terminated gone:
                _subscribers.Remove(gone.ActorRef);
                break;
            case IJournalCommand command:
                CommitGroup();
                Command(command);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Command(IJournalCommand command)
    {
        switch (command)
        {
            case OpenPass open:
                var pass = Lane(open.Lane).Open(_store.Tables.Row.Mark(open.Lane));
                open.ReplyTo.Tell(new PassOpened(open.Lane, pass, _store.Tables.Row.Pending(open.Lane)));
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
                Change(retry, () => retry.Operation is { } one ? _store.Aside.Retry(one) : _store.Aside.RetryAll());
                break;
            case DiscardDead discard:
                Change(discard, () => _store.Aside.Discard(discard.Operation, discard.Reason, _settled));
                break;
            case ParkOperation park:
                Change(park, () => _store.Aside.Park(park.Operation));
                break;
            case ClearQueue clear:
                Change(clear, _store.Aside.Clear);
                break;
            case AwaitReceipt receipt:
                Await(receipt);
                break;
            case Subscribe subscribe:
                if (_subscribers.Arm(subscribe.ReplyTo))
                {
                    Context.Watch(subscribe.ReplyTo);
                }

                break;
            default:
                Query(command);
                break;
        }
    }

    private void Query(IJournalCommand query)
    {
        switch (query)
        {
            case GetCounts:
                query.ReplyTo.Tell(_store.Queries.Counts());
                break;
            case GetOperation one:
                query.ReplyTo.Tell(_store.Queries.Find(one.Operation) ?? (object)new NoSuchOperation(one.Operation));
                break;
            case ListOperations list:
                query.ReplyTo.Tell(new Rows(_store.Queries.List(list.State, list.AfterSeq, list.Limit)));
                break;
            case GetCheckpoint checkpoint:
                query.ReplyTo.Tell(new SourceCheckpoint(checkpoint.Source, _store.Queries.Checkpoint(checkpoint.Source)));
                break;
            case GetSettings:
                query.ReplyTo.Tell(_store.Queries.ReadSettings());
                break;
            case PatchSettings patch:
                _store.Queries.Patch(patch.Patch);
                query.ReplyTo.Tell(_store.Queries.ReadSettings());
                break;
            case GetDigest:
                Work(Digest(query.ReplyTo), query.ReplyTo);
                break;
            case GetEntities entities:
                Work(_store.Queries.ReadEntities(entities, found => entities.ReplyTo.Tell(found)), entities.ReplyTo);
                break;
            default:
                Unhandled(query);
                break;
        }
    }

    // ---- enqueue ----

    private void Gather(IGroupMember member)
    {
        if (!_hasRoom)
        {
            member.Fail(new Unavailable("the disk is full", "free some room; the journal goes on by itself"));
            return;
        }

        _store.Group.Add(member);
        if (_store.Group.IsFull)
        {
            CommitGroup();
        }
        else if (!_flushSent)
        {
            _flushSent = true;
            _store.Group.StartGathering();
            Self.Tell(Flush.Instance, ActorRefs.NoSender);
        }
    }

    private void OnFlush()
    {
        if (!_store.Group.IsEmpty && _store.Group.ShouldLinger())
        {
            Self.Tell(Flush.Instance, ActorRefs.NoSender);
            return;
        }

        _flushSent = false;
        CommitGroup();
    }

    private void CommitGroup()
    {
        if (_store.Group.IsEmpty)
        {
            return;
        }

        var (priority, bulk) = _store.Group.Commit();
        _subscribers.News(priority, bulk);
    }

    private void Take(EnqueueMany many)
    {
        var operations = new Intake[many.Operations.Length];
        for (var i = 0; i < operations.Length; i++)
        {
            if (Intake.Check(many.Operations[i], _ids.Next, out operations[i]) is { } fault)
            {
                many.ReplyTo.Tell(new Refused(i, fault.Field, fault.Message));
                return;
            }
        }

        Gather(new EnqueueManyMember(operations, many.Checkpoint, many.ReplyTo));
    }

    // ---- drain ----

    private LaneReading Lane(Lane lane) => _store.Tables[lane];

    private void Read(ReadBatch read)
    {
        if (read.Pass == Lane(read.Lane).Pass)
        {
            Work(_store.Reader.Read(read.Lane, read.MaxOperations, read.MaxBytes, batch => Reply(read, batch)), read.ReplyTo);
        }
    }

    private void Reply(ReadBatch read, PushBatch? batch) =>
        read.ReplyTo.Tell(new BatchRead(read.Lane, read.Pass, batch, _store.Tables.Row.Pending(read.Lane)));

    private void Settle(SettleBatch settle)
    {
        var before = _store.Tables.Row;
        var (acked, dead, parked) = _store.Settle(settle.Batch, settle.Result, _settled);
        settle.ReplyTo.Tell(new BatchSettled(settle.Lane, settle.Pass, acked, dead, parked, _store.Tables.Row.Pending(settle.Lane)));
        TellWaiting();
        ScheduleFold();
        // What was parked behind an acked head is pending again.
        _subscribers.News(
            _store.Tables.Row.Parked < before.Parked && _store.Tables.Row.PendingPriority > 0,
            _store.Tables.Row.Parked < before.Parked && _store.Tables.Row.PendingBulk > 0
        );
    }

    private void Release(ReleaseBatch release)
    {
        _store.Reader.Release(release.Batch);
        var other = _store.Tables.Other(release.Lane);
        if (other.Waiting)
        {
            other.Waiting = false;
            _subscribers.News(other.Lane == Model.Lane.Priority, other.Lane == Model.Lane.Bulk);
        }
    }

    private void Recover(RecoverFromRegression regression)
    {
        var delta = _store.BeginShift(regression.StoredMax);
        Work(Shifting(), regression.ReplyTo);

        IEnumerable<JournalStep> Shifting()
        {
            foreach (var step in _store.Shift())
            {
                yield return step;
            }

            regression.ReplyTo.Tell(new Recovered(_store.Tables.Row.Lamport, delta));
        }
    }

    // ---- dead letters and receipts ----

    private void Change(IJournalCommand command, Func<long> change)
    {
        long count = 0;
        _store.Tables.Write(() => count = change());
        command.ReplyTo.Tell(new Changed(count));
        TellWaiting();
        _subscribers.News(_store.Tables.Row.PendingPriority > 0, _store.Tables.Row.PendingBulk > 0);
    }

    private void Await(AwaitReceipt receipt)
    {
        var row = _store.Queries.Find(receipt.Operation);
        switch (row?.State)
        {
            case RowState.Pending or RowState.Parked:
                if (!_awaited.TryGetValue(receipt.Operation, out var waiting))
                {
                    _awaited.Add(receipt.Operation, waiting = []);
                }

                waiting.Add(receipt.ReplyTo);
                break;
            case RowState.Acked:
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, ReceiptState.Acked, null));
                break;
            case RowState.Dead:
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, ReceiptState.Dead, row.LastError));
                break;
            default:
                var reason = _store.Queries.DiscardReason(receipt.Operation);
                var state = reason is null ? ReceiptState.Unknown : ReceiptState.Discarded;
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, state, reason));
                break;
        }
    }

    private void TellWaiting()
    {
        if (_awaited.Count > 0)
        {
            foreach (var (operation, state, error) in _settled)
            {
                if (_awaited.Remove(operation, out var waiting))
                {
                    waiting.ForEach(one => one.Tell(new ReceiptKnown(operation, state, error)));
                }
            }
        }

        _settled.Clear();
    }

    // ---- long work ----

    /// <summary>Runs to its first pause at once when nothing else is under way.</summary>
    private void Work(IEnumerable<JournalStep> job, IActorRef asker)
    {
        _jobs.Enqueue((job.GetEnumerator(), asker));
        if (_jobs.Count == 1)
        {
            Step();
        }
    }

    private void Step()
    {
        while (_jobs.TryPeek(out var job))
        {
            if (job.Steps.MoveNext())
            {
                Self.Tell(Continue.Instance, ActorRefs.NoSender);
                return;
            }

            job.Steps.Dispose();
            _jobs.Dequeue();
        }
    }

    private IEnumerable<JournalStep> Digest(IActorRef replyTo)
    {
        _foldHeld = true;
        while (_store.Replica.Fold(settings.FoldOperations))
        {
            yield return JournalStep.More;
        }

        foreach (var step in _store.Replica.Digest((whole, entities) => replyTo.Tell(new ReplicaDigested(whole, entities))))
        {
            yield return step;
        }

        _foldHeld = false;
        ScheduleFold();
    }

    private void ScheduleFold()
    {
        if (!_foldHeld && _store.Tables.Row.Unfolded > 0 && !Timers.IsTimerActive(FoldTimer))
        {
            Timers.StartSingleTimer(FoldTimer, Fold.Instance, FoldPause);
        }
    }

    // While a pass reads, folding waits, unless what is acked would use up the disk.
    private void FoldSome()
    {
        if (_foldHeld)
        {
            return;
        }

        var draining = _store.Tables.Lanes.Any(lane => lane.Outstanding.Count > 0);
        if (draining && _store.Tables.Row.Unfolded < settings.FoldBacklog)
        {
            ScheduleFold();
        }
        else if (_store.Replica.Fold(settings.FoldOperations))
        {
            Self.Tell(Fold.Instance, ActorRefs.NoSender);
        }
    }

    // ---- disk ----

    private void LookForRoomNow()
    {
        var had = _hasRoom;
        _hasRoom = _reserve.TryHold();
        if (had != _hasRoom)
        {
            _log.Warning(
                _hasRoom ? "The disk of {0} has room again" : "The disk of {0} is full: operations are refused until there is room",
                path
            );
        }

        if (!_hasRoom)
        {
            Timers.StartSingleTimer(RoomTimer, LookForSpace.Instance, LookForRoom);
        }
    }

    // An enqueue is answered by its group.
    private static void AnswerFailed(object message, string reason)
    {
        switch (message)
        {
            case EnqueueMany:
                break;
            case IJournalCommand command:
                command.ReplyTo.Tell(new Unavailable(reason, "try again in a moment"), ActorRefs.NoSender);
                break;
        }
    }

    private sealed record Flush
    {
        public static readonly Flush Instance = new();
    }

    private sealed record Continue
    {
        public static readonly Continue Instance = new();
    }

    private sealed record Fold
    {
        public static readonly Fold Instance = new();
    }

    private sealed record LookForSpace
    {
        public static readonly LookForSpace Instance = new();
    }
}
