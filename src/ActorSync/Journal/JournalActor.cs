using ActorSync.Diagnostics;
using ActorSync.Journal.Sqlite;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>The only one that touches the profile's SQLite file. Runs on its own thread; every write is a transaction, every reply comes after the commit.</summary>
/// <remarks>
/// Enqueues gather in one transaction: the flush that the first of a group sends to itself comes behind everything that was in the mailbox, so one
/// fsync serves them all. Anything else commits the group first. Long work goes in steps between which the mailbox is served. A storage failure fails
/// the group and the actor; the parent opens a new one.
/// </remarks>
internal sealed class JournalActor(string path, JournalSettings settings, SyncPlatform platform, JournalStatistics statistics, int stepRows)
    : UntypedActor,
        IWithTimers
{
    private const string RoomTimer = "room";
    private const string FoldTimer = "fold";
    private static readonly TimeSpan LookForRoom = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FoldPause = TimeSpan.FromMilliseconds(100);

    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly ReserveFile _reserve = new(path + ".reserve", platform.SqliteVfs is null ? settings.ReserveBytes : 0);
    private readonly OperationIdSource _ids = new(platform.Time, platform.Chance);
    private readonly JournalJobs _jobs = new(PauseOf(Context.Self));
    private JournalStore _store = null!;
    private Receipts _receipts = null!;
    private JournalDesk _desk = null!;
    private bool _flushSent;
    private bool _hasRoom = true;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        string path,
        JournalSettings settings,
        SyncPlatform platform,
        JournalStatistics statistics,
        int stepRows = JournalStore.StepRows
    ) =>
        Akka
            .Actor.Props.Create(() => new JournalActor(path, settings, platform, statistics, stepRows))
            .WithDispatcher("actorsync.journal-dispatcher");

    protected override void PreStart()
    {
        _store = new JournalStore(path, settings, platform, statistics, stepRows);
        _receipts = new Receipts(_store.Queries);
        _desk = new JournalDesk(_store, _receipts, _jobs, _log);
        LookForRoomNow();
        if (_store.Restamping.IsUnderWay)
        {
            _jobs.Start(_store.Shift(), null);
        }

        _desk.GoOn();

        ScheduleFold();
        Context.Parent.Tell(new JournalOpened(_store.Tables.Device));
        _log.Info("Journal {0} is open: {1} operations, clock {2}", path, _store.Tables.Row.Stored, _store.Tables.Row.Lamport);
    }

    protected override void PostStop()
    {
        var stopped = new Unavailable("the journal stopped", "try again in a moment, an operation with the same operation id");
        _store?.Group.Fail(stopped);
        _jobs.Fail(stopped);
        _receipts?.Fail(stopped);
        _desk?.Changes.Fail(stopped);
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
            if (failure.IsCorruption)
            {
                throw JournalFile.Corrupt(path, failure);
            }

            throw;
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
            case EnqueueRequest one:
                Gather(one);
                break;
            case Flush:
                OnFlush();
                break;
            case IGroupMember member:
                Gather(member);
                break;
            case EnqueueMany many:
                Take(many);
                break;
            default:
                CommitGroup();
                HandleOther(message);
                _desk.Changes.TellCommitted();
                break;
        }
    }

    private void HandleOther(object message)
    {
        switch (message)
        {
            case Continue:
                _jobs.Step();
                break;
            case Fold:
                FoldSome();
                break;
            case LookForSpace:
                LookForRoomNow();
                break;
            case Terminated gone:
                _desk.Subscribers.Remove(gone.ActorRef);
                break;
            case Subscribe subscribe:
                Subscribe(subscribe.ReplyTo);
                break;
            case IJournalCommand command:
                if (!_desk.TryCarryOut(command))
                {
                    Unhandled(command);
                }

                ScheduleFold();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

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
        _desk.Subscribers.News(priority, bulk);
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

    private void Subscribe(IActorRef subscriber)
    {
        if (_desk.Subscribers.Arm(subscriber))
        {
            Context.Watch(subscriber);
        }
    }

    private void ScheduleFold()
    {
        if (_store.Tables.Row.Unfolded > 0 && !Timers.IsTimerActive(FoldTimer))
        {
            Timers.StartSingleTimer(FoldTimer, Fold.Instance, FoldPause);
        }
    }

    // While a pass reads, folding waits, unless what is acked would use up the disk.
    private void FoldSome()
    {
        var draining = _store.Tables.Lanes.Any(lane => lane.Outstanding.Count > 0);
        if (_store.Folding.Holds > 0 || (draining && _store.Tables.Row.Unfolded < settings.FoldBacklog))
        {
            ScheduleFold();
        }
        else if (_store.Folding.Fold(settings.FoldOperations))
        {
            Self.Tell(Fold.Instance, ActorRefs.NoSender);
        }
    }

    private void LookForRoomNow()
    {
        var had = _hasRoom;
        var held = _reserve.TryHold();
        // The file does not shrink when it drains: what is free in it is room too.
        _hasRoom = held || _store.Tables.FreeBytes >= 2 * settings.ReserveBytes;
        if (had != _hasRoom)
        {
            _log.Warning(
                _hasRoom ? "The disk of {0} has room again" : "The disk of {0} is full: operations are refused until there is room",
                path
            );
        }

        if (!held)
        {
            Timers.StartSingleTimer(RoomTimer, LookForSpace.Instance, LookForRoom);
        }
    }

    // An enqueue is answered by its group, and what became a job when that ends.
    private void AnswerFailed(object message, string reason)
    {
        if (message is IJournalCommand command and not EnqueueMany && !_jobs.Holds(command))
        {
            command.ReplyTo.Tell(new Unavailable(reason, "try again in a moment"), ActorRefs.NoSender);
        }
    }

    private static Action PauseOf(IActorRef self) => () => self.Tell(Continue.Instance, ActorRefs.NoSender);

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
