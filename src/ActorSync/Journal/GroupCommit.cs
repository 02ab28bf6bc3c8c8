using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Gathers what wants to be stored and writes it in one transaction; each member is answered after the commit, never before.</summary>
internal sealed class GroupCommit(JournalTables tables, OperationWriter writer, JournalQueries queries, JournalStatistics statistics)
{
    /// <summary>Payload that one transaction gathers: callers with large operations do not wait for each other's.</summary>
    private const int MostBytes = 8 << 20;
    private const int LooksForMore = 16;
    private readonly List<IGroupMember> _members = new(1024);
    private Accepted[] _accepted = new Accepted[1024];
    private (int Start, SyncException? Refusal, int Index)[] _outcomes = new (int, SyncException?, int)[1024];
    private int _operations;
    private long _bytes;
    private int _answered;
    private int _target;
    private int _groups;
    private long _gatheringSince;
    private long _commitTicks;

    public bool IsEmpty => _members.Count == 0;

    public bool IsFull => _operations >= tables.Settings.MaxGroup || _bytes >= MostBytes;

    public void Add(IGroupMember member)
    {
        _members.Add(member);
        _operations += member.Count;
        foreach (ref readonly var intake in member.Operations)
        {
            _bytes += intake.Payload.Length;
        }
    }

    /// <summary>Starts the linger of a group whose first flush has come.</summary>
    public void StartGathering() => _gatheringSince = tables.Platform.Time.GetTimestamp();

    /// <summary>
    /// Whether to wait a little for more, and never longer than a fraction of what a commit costs. Callers that were answered together come back
    /// together: a group is whole when it is as large as the largest of late. Now and then one waits to the end, to see whether there are more.
    /// </summary>
    public bool ShouldLinger() =>
        _target > 1
        && (_members.Count < _target || _groups % LooksForMore == 0)
        && !IsFull
        && tables.Platform.Time.GetTimestamp() - _gatheringSince < _commitTicks * tables.Settings.LingerFraction;

    /// <summary>Gives which lanes got pending operations. A storage failure fails every member and goes on up.</summary>
    public (bool Priority, bool Bulk) Commit()
    {
        var before = tables.Row;
        try
        {
            var started = tables.Platform.Time.GetTimestamp();
            var written = Write();
            var spent = tables.Platform.Time.GetTimestamp() - started;
            _commitTicks = _commitTicks == 0 ? spent : ((_commitTicks * 3) + spent) / 4;
            statistics.Committed(written);
        }
        catch (SqliteFailure failure)
        {
            Fail(new JournalProtocol.Unavailable(Reason(failure), "hand the operation in again later, with the same operation id"));
            throw;
        }

        var lanes = (tables.Row.PendingPriority > before.PendingPriority, tables.Row.PendingBulk > before.PendingBulk);
        Reply();
        return lanes;
    }

    public void Fail(JournalProtocol.Unavailable why)
    {
        while (_answered < _members.Count)
        {
            _members[_answered++].Fail(why);
        }

        Clear();
    }

    public static string Reason(SqliteFailure failure) => failure.IsFull ? "the disk is full" : failure.Message;

    private int Write()
    {
        if (_outcomes.Length < _members.Count)
        {
            _outcomes = new (int, SyncException?, int)[_members.Capacity];
        }

        if (_accepted.Length < _operations)
        {
            _accepted = new Accepted[Math.Max(_operations, _accepted.Length * 2)];
        }

        var now = tables.NowMilliseconds;
        var written = 0;
        tables.Db.Begin();
        try
        {
            for (var i = 0; i < _members.Count; i++)
            {
                _outcomes[i] = WriteMember(_members[i], written, now);
                written += _outcomes[i].Refusal is null ? _members[i].Count : 0;
            }

            tables.Clock.SaveEnqueue(tables.Row);
            tables.Db.Commit();
        }
        catch
        {
            tables.Db.Rollback();
            throw;
        }

        return written;
    }

    private (int, SyncException?, int) WriteMember(IGroupMember member, int start, long now)
    {
        if (tables.Row.Stored + member.Count > tables.Settings.MaxOperations && !IsStored(member))
        {
            return (start, new JournalFullException(tables.Settings.MaxOperations), 0);
        }

        // All or none: the one thing that can still be wrong is an id that is taken, and that is seen before a row of the member is written.
        if (member.Count > 1 && FindConflict(member) is { } conflict)
        {
            return (start, conflict.Refusal, conflict.Index);
        }

        for (var i = 0; i < member.Count; i++)
        {
            var (accepted, fault) = writer.Insert(member.Operations[i], now);
            if (fault is not null)
            {
                return (start, new InvalidOperationRefusedException(fault.Field, fault.Message), i);
            }

            _accepted[start + i] = accepted;
        }

        if (member.Checkpoint is { } checkpoint)
        {
            queries.Advance(checkpoint);
        }

        return (start, null, 0);
    }

    // A caller who asks again after a lost answer gets it, also when the queue is full.
    private bool IsStored(IGroupMember member)
    {
        foreach (ref readonly var intake in member.Operations)
        {
            if (intake.Operation.OperationId is null || !writer.IsStored(intake))
            {
                return false;
            }
        }

        return true;
    }

    private (SyncException Refusal, int Index)? FindConflict(IGroupMember member)
    {
        Dictionary<OperationId, int>? own = null;
        for (var i = 0; i < member.Count; i++)
        {
            ref readonly var intake = ref member.Operations[i];
            if (intake.Operation.OperationId is null)
            {
                continue; // an id that we gave ourselves is new
            }

            own ??= new Dictionary<OperationId, int>(member.Count);
            var fault =
                own.TryAdd(intake.Id, i) || intake.HasContentOf(member.Operations[own[intake.Id]])
                    ? writer.Conflict(intake)
                    : new OperationFault("operation_id", $"{intake.Id} names two different operations");
            if (fault is not null)
            {
                return (new InvalidOperationRefusedException(fault.Field, fault.Message), i);
            }
        }

        return null;
    }

    private void Reply()
    {
        // Counted before it is told: a member that was answered is the next caller's already, and is not answered again.
        while (_answered < _members.Count)
        {
            var (start, refusal, index) = _outcomes[_answered];
            var member = _members[_answered++];
            if (refusal is null)
            {
                member.Store(_accepted.AsSpan(start, member.Count));
            }
            else
            {
                member.Refuse(refusal, index);
            }
        }

        Clear();
    }

    private void Clear()
    {
        // It forgets slowly: one small group among large ones says nothing.
        _target = Math.Max(_members.Count, _target - 1 - (_target / 16));
        _groups++;
        _members.Clear();
        (_operations, _bytes, _answered) = (0, 0, 0);
    }
}

/// <summary>What the journal has done since it was made; read from any thread.</summary>
internal sealed class JournalStatistics
{
    private long _commits;
    private long _operations;

    /// <summary>Transactions that stored operations: one fsync each.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Is told the size of each group, on the journal's own thread; set before the journal starts.</summary>
    public Action<int>? OnCommitted { get; set; }

    public void Committed(int operations)
    {
        Interlocked.Increment(ref _commits);
        Interlocked.Add(ref _operations, operations);
        OnCommitted?.Invoke(operations);
    }
}
