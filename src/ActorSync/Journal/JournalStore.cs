using ActorSync.Journal.Sqlite;
using ActorSync.Platform;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>The open journal: its parts, wired. One thread at a time.</summary>
internal sealed class JournalStore : IDisposable
{
    /// <summary>About 20 ms of reading: how long an enqueue may wait for other work.</summary>
    public const int StepRows = 20_000;

    private readonly OpenJournal _open;

    /// <exception cref="JournalOpenException">The file may not be opened.</exception>
    public JournalStore(string path, JournalSettings settings, SyncPlatform platform, JournalStatistics statistics, int stepRows = StepRows)
    {
        _open = JournalFile.Open(path, settings, platform);
        try
        {
            Tables = new JournalTables(_open.Db, platform, settings, stepRows);
            Aside = new SetAside(Tables);
            _clearing = new QueueClearing(Tables, Aside);
            Conflicts = new Conflicts(Tables);
            Changes = new ChangeLog(Tables);
            ChangeReader = new ChangeReader(Tables, Changes);
            Replica = new Replica(Tables, Conflicts, Changes);
            Replica.Load();
            Folding = new Folding(Tables, Replica);
            Queries = new JournalQueries(Tables);
            Entities = new EntityReader(Tables, Replica);
            Reader = new LaneReader(Tables);
            Restamping = new Restamping(Tables);
            Group = new GroupCommit(Tables, new OperationWriter(Tables), Queries, statistics);
            _settlement = new Settlement(Tables, Aside, Changes);
            Cursor = new PullCursor(Tables);
            Relay = new Relay(Tables);
            Inbound = new Inbound(Tables, Replica, Aside, Conflicts);
            SnapshotMerge = new SnapshotMerge(Tables, Replica, Relay);
            Accounts = new AccountChange(Tables, Queries, Cursor, Folding);
        }
        catch (SqliteFailure failure) when (failure.IsCorruption || failure.IsSchemaGone)
        {
            _open.Dispose();
            throw JournalFile.Corrupt(path, failure);
        }
        catch
        {
            _open.Dispose();
            throw;
        }
    }

    private readonly Settlement _settlement;
    private readonly QueueClearing _clearing;

    public JournalTables Tables { get; }

    public SetAside Aside { get; }

    public Replica Replica { get; }

    public ChangeLog Changes { get; }

    public ChangeReader ChangeReader { get; }

    public Folding Folding { get; }

    public JournalQueries Queries { get; }

    public EntityReader Entities { get; }

    public LaneReader Reader { get; }

    public Restamping Restamping { get; }

    public GroupCommit Group { get; }

    public Conflicts Conflicts { get; }

    public PullCursor Cursor { get; }

    public Relay Relay { get; }

    public Inbound Inbound { get; }

    public SnapshotMerge SnapshotMerge { get; }

    public AccountChange Accounts { get; }

    public SettledCounts Settle(PushBatch batch, PushResult result, List<Settled> settled)
    {
        if (!Tables[batch.Lane].Outstanding.Contains(batch))
        {
            // A batch of a pass that is over is booked all the same: the hub has spoken. Its rows may be in a newer batch too.
            batch.Disturbed = true;
            Tables.Disturb();
        }

        if (!HistoryProof.Holds(batch, result, Tables.Row))
        {
            return new SettledCounts(0, 0, 0, 0, []) { IsUnproven = true };
        }

        SettledCounts counts = default;
        Tables.Write(() =>
        {
            Believe(result);
            counts = _settlement.Settle(batch, result, Reader.ShiftEpoch, settled);
        });
        ForgetKeysOfEmptyLanes();
        return counts;
    }

    /// <summary>What a proven answer says of the log, inside the caller's transaction.</summary>
    public void Believe(PushResult result)
    {
        if (result.Head is { } head && HistoryProof.NewRun(result) is var (first, count))
        {
            Cursor.MoveOverOwn(first, result.LastId, count, head);
        }

        if (result.Head is not null && result.LastId > Tables.Row.HubLastId)
        {
            (Tables.Row.HubLastId, Tables.Row.HubHead) = (result.LastId, result.Head);
        }
    }

    public void RecordAttempt(PushBatch batch, int from, int count, string error) =>
        Tables.Write(() => _settlement.RecordAttempt(batch, from, count, error));

    /// <summary>Gives the delta; chunks follow while <see cref="Restamping"/> is under way.</summary>
    public long BeginShift(long storedMax)
    {
        long delta = 0;
        Tables.Write(() => delta = Restamping.Begin(storedMax));
        Reader.ShiftEpoch += delta != 0 ? 1 : 0;
        return delta;
    }

    /// <summary>Goes on with what <see cref="SetAside"/> began to free; <paramref name="freed"/> is called after each transaction that made rows pending.</summary>
    public IEnumerable<JournalStep> Free(Action freed)
    {
        while (Aside.IsFreeing)
        {
            // The transaction that began it was a step.
            yield return JournalStep.More;
            var count = 0;
            Tables.Write(() => count = Aside.FreeSome());
            if (count > 0)
            {
                freed();
            }
        }
    }

    public IEnumerable<JournalStep> RetryAll(Action<long> done)
    {
        var (after, count, goesOn) = (0L, 0L, true);
        while (goesOn)
        {
            Tables.Write(() => goesOn = Aside.RetrySome(ref after, ref count));
            if (goesOn)
            {
                yield return JournalStep.More;
            }
        }

        done(count);
    }

    public IEnumerable<JournalStep> Clear(Action<long> done)
    {
        var (before, count, goesOn) = (Tables.Row.NextSeq, 0L, true);
        while (goesOn)
        {
            Tables.Write(() => goesOn = _clearing.ClearSome(ref before, ref count));
            ForgetKeysOfEmptyLanes();
            if (goesOn)
            {
                yield return JournalStep.More;
            }
        }

        done(count);
    }

    public IEnumerable<JournalStep> Shift()
    {
        while (Restamping.IsUnderWay)
        {
            Tables.Write(() => Restamping.Chunk());
            yield return JournalStep.More;
        }
    }

    public void Dispose() => _open.Dispose();

    public void ForgetKeysOfEmptyLanes()
    {
        foreach (var lane in Tables.Lanes)
        {
            if (Tables.Row.Pending(lane.Lane) == 0)
            {
                lane.Keys.Clear();
            }
        }
    }
}
