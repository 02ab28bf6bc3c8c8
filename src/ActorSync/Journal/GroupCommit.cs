using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Gathers what wants to be stored in one transaction; each member is answered after the commit, never before.</summary>
/// <remarks>
/// A member is written when it comes, into the transaction that the first one began: while callers make their next operations the journal writes
/// those that are there. Whatever else touches the file commits the group first.
/// </remarks>
internal sealed class GroupCommit(JournalTables tables, OperationWriter writer, JournalQueries queries, JournalStatistics statistics)
{
    /// <summary>Payload that one transaction gathers: callers with large operations do not wait for each other's.</summary>
    private const int MostBytes = 8 << 20;
    private const int LooksForMore = 16;
    private readonly List<IGroupMember> _members = new(1024);
    private readonly List<(int Start, SyncException? Refusal, int Index)> _outcomes = new(1024);
    private Accepted[] _accepted = new Accepted[1024];
    private int _operations;
    private int _written;
    private long _bytes;
    private int _answered;
    private int _target;
    private int _groups;
    private (long Priority, long Bulk) _pendingBefore;
    private long _now;
    private (long At, int Members) _look;
    private long _idleTicks;
    private long _commitTicks;

    public bool IsEmpty => _members.Count == 0;

    public bool IsFull => _operations >= tables.Settings.MaxGroup || _bytes >= MostBytes;

    /// <summary>Writes the member into the group's transaction. A storage failure fails every member and goes on up.</summary>
    public void Add(IGroupMember member)
    {
        _members.Add(member);
        try
        {
            if (_members.Count == 1)
            {
                Begin();
            }

            _operations += member.Count;
            Write(member);
        }
        catch (SqliteFailure failure)
        {
            Abandon(failure);
            throw;
        }
    }

    /// <summary>
    /// Whether to wait a little for more, and never longer in vain than a fraction of what a commit costs. Callers that were answered together come
    /// back together: a group is whole when it is as large as the largest of late. Now and then one waits to the end, to see whether there are more.
    /// </summary>
    public bool ShouldLinger()
    {
        if (_target <= 1 || IsFull || (_members.Count >= _target && _groups % LooksForMore != 0))
        {
            return false;
        }

        // Only the time in which nobody came was waited: in the rest there was something to write.
        var now = tables.Platform.Time.GetTimestamp();
        _idleTicks += _members.Count == _look.Members ? now - _look.At : 0;
        _look = (now, _members.Count);
        return _idleTicks < _commitTicks * tables.Settings.LingerFraction;
    }

    /// <summary>Gives which lanes got pending operations. A storage failure fails every member and goes on up.</summary>
    public (bool Priority, bool Bulk) Commit()
    {
        try
        {
            var started = tables.Platform.Time.GetTimestamp();
            tables.Clock.SaveEnqueue(tables.Row);
            tables.Db.Commit();
            var spent = tables.Platform.Time.GetTimestamp() - started;
            _commitTicks = _commitTicks == 0 ? spent : ((_commitTicks * 3) + spent) / 4;
        }
        catch (SqliteFailure failure)
        {
            Abandon(failure);
            throw;
        }

        statistics.Committed(_written);
        var lanes = (tables.Row.PendingPriority > _pendingBefore.Priority, tables.Row.PendingBulk > _pendingBefore.Bulk);
        Reply();
        return lanes;
    }

    /// <summary>Nothing of the group was stored. The transaction is left to whoever closes the file.</summary>
    public void Fail(JournalProtocol.Unavailable why)
    {
        while (_answered < _members.Count)
        {
            _members[_answered++].Fail(why);
        }

        Clear();
    }

    public static string Reason(SqliteFailure failure) => failure.IsFull ? "the disk is full" : failure.Message;

    private void Begin()
    {
        _now = tables.NowMilliseconds;
        _pendingBefore = (tables.Row.PendingPriority, tables.Row.PendingBulk);
        tables.Db.Begin();
    }

    private void Abandon(SqliteFailure failure)
    {
        tables.Db.Rollback();
        Fail(new JournalProtocol.Unavailable(Reason(failure), "hand the operation in again later, with the same operation id"));
    }

    private void Write(IGroupMember member)
    {
        if (_accepted.Length < _operations)
        {
            Array.Resize(ref _accepted, Math.Max(_operations, _accepted.Length * 2));
        }

        var (refusal, index) = TryWrite(member);
        _outcomes.Add((_written, refusal, index));
        _written += refusal is null ? member.Count : 0;
    }

    private (SyncException? Refusal, int Index) TryWrite(IGroupMember member)
    {
        if (tables.Row.Stored + member.Count > tables.Settings.MaxOperations && !IsStored(member))
        {
            return (new JournalFullException(tables.Settings.MaxOperations), 0);
        }

        // All or none: the one thing that can still be wrong is an id that is taken, and that is seen before a row of the member is written.
        if (member.Count > 1 && FindConflict(member) is { } conflict)
        {
            return conflict;
        }

        var operations = member.Operations;
        for (var i = 0; i < operations.Length; i++)
        {
            var (accepted, fault) = writer.Insert(operations[i], _now);
            if (fault is not null)
            {
                return (new InvalidOperationRefusedException(fault.Field, fault.Message), i);
            }

            _accepted[_written + i] = accepted;
            _bytes += operations[i].Payload.Length;
        }

        if (member.Checkpoint is { } checkpoint)
        {
            queries.Advance(checkpoint);
        }

        return (null, 0);
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
        _outcomes.Clear();
        (_operations, _written, _bytes, _answered, _idleTicks, _look) = (0, 0, 0, 0, 0, default);
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
