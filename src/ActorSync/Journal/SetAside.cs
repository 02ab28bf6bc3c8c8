using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Dead letters and what is parked behind them: retry, discard, park by hand, clear.</summary>
/// <remarks>Every method works inside the caller's transaction.</remarks>
internal sealed class SetAside(JournalTables tables)
{
    private const string SetAsideByHand = "parked: set aside by hand";

    private readonly Statement _find = tables.Db.Prepare(
        "SELECT seq, state, lane, entity, entity_id, length(CAST(payload AS BLOB)) FROM op_journal WHERE operation_id = ?1"
    );

    private readonly Statement _dead = tables.Db.Prepare("SELECT operation_id FROM op_journal WHERE state = 2 ORDER BY seq");
    private readonly Statement _behind = tables.Db.Prepare(
        "SELECT seq, lane FROM op_journal INDEXED BY op_behind WHERE state = 1 AND blocked_by = ?1 ORDER BY seq"
    );

    private readonly Statement _requeue = tables.Db.Prepare("UPDATE op_journal SET state = 0, blocked_by = NULL WHERE seq = ?1");
    private readonly Statement _park = tables.Db.Prepare("UPDATE op_journal SET state = 1, blocked_by = ?2 WHERE seq = ?1");
    private readonly Statement _bury = tables.Db.Prepare("UPDATE op_journal SET state = 2, last_error = ?2 WHERE seq = ?1");
    private readonly Statement _keep = tables.Db.Prepare(
        "INSERT OR REPLACE INTO discarded SELECT operation_id, lamport_ts, entity, entity_id, field, op, payload, last_error, ?2, ?3 FROM op_journal WHERE seq = ?1"
    );

    private readonly Statement _delete = tables.Db.Prepare("DELETE FROM op_journal WHERE seq = ?1");

    // The mark moves back over acked rows: from now on their own state says so.
    private readonly Statement _spellOut = tables.Db.Prepare(
        "UPDATE op_journal SET state = 3 WHERE lane = ?1 AND state = 0 AND seq >= ?2 AND seq <= ?3"
    );

    /// <summary>The head of a key was acked: what waits behind it may go. Gives how many rows went back to pending.</summary>
    public int ReleaseBehind(OperationId head) => tables.Aside.Remove(head, out var key) ? Free(head, key) : 0;

    /// <summary>One dead letter back to pending; what is parked behind it waits for its ack.</summary>
    public long Retry(OperationId operation)
    {
        if (Find(operation) is not { State: RowState.Dead } found)
        {
            return 0;
        }

        tables.Row.Dead--;
        if (tables.Aside.TryGetHead(found.Key, found.Seq, out var older))
        {
            // It must not overtake: it is parked like the rest until the older one is out of the way.
            Park(found.Seq, older);
            tables.Row.Parked++;
            tables.Aside.Remove(operation, out _);
            Free(operation, found.Key);
        }
        else
        {
            Requeue(found.Seq, found.Lane, found.Key);
        }

        return 1;
    }

    public long RetryAll() => AllDead().Sum(Retry);

    public long Discard(OperationId operation, string reason, List<Settled> settled)
    {
        if (Find(operation) is not { State: RowState.Dead } found)
        {
            return 0;
        }

        _keep.Bind(1, found.Seq).BindText(2, reason).Bind(3, tables.NowMilliseconds).Run();
        _delete.Bind(1, found.Seq).Run();
        tables.Row.Dead--;
        tables.Row.PayloadBytes -= found.PayloadBytes;
        settled.Add(new Settled(operation, ReceiptState.Discarded, reason));
        ReleaseBehind(operation);
        return 1;
    }

    /// <summary>A pending operation becomes a dead letter by hand; later ones of its key are parked when they are met.</summary>
    public long Bury(OperationId operation, List<Settled> settled)
    {
        if (Find(operation) is not { State: RowState.Pending } found)
        {
            return 0;
        }

        tables.Disturb();
        _bury.Bind(1, found.Seq).BindText(2, SetAsideByHand).Run();
        tables.Row.AddPending(found.Lane, -1);
        tables.Row.Dead++;
        tables.Aside.Add(found.Key, found.Seq, operation);
        settled.Add(new Settled(operation, ReceiptState.Dead, SetAsideByHand));
        return 1;
    }

    /// <summary>Drops what is pending, parked or dead. What was acked still goes into the replica.</summary>
    public long Clear()
    {
        tables.Disturb();
        tables.Db.Execute(
            "DELETE FROM op_journal WHERE state IN (1, 2) OR (state = 0 AND seq > (SELECT CASE lane WHEN 0 THEN mark_priority ELSE mark_bulk END FROM clock))"
        );
        ref var row = ref tables.Row;
        var count = row.Stored;
        row.PendingPriority = row.PendingBulk = row.Parked = row.Dead = row.PayloadBytes = 0;
        tables.Aside.Clear();
        foreach (var lane in tables.Lanes)
        {
            lane.Keys.Clear();
        }

        return count;
    }

    /// <summary>What waits behind it waits for the next older head of its key from now on, or goes back to pending.</summary>
    private int Free(OperationId head, EntityKey key)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        head.WriteTo(id);
        var rows = new List<(long Seq, Lane Lane)>();
        _behind.BindBlob(1, id);
        while (_behind.Step())
        {
            rows.Add((_behind.Long(0), (Lane)_behind.Long(1)));
        }

        _behind.Reset();
        var freed = 0;
        foreach (var (seq, lane) in rows)
        {
            if (tables.Aside.TryGetHead(key, seq, out var other))
            {
                Park(seq, other);
            }
            else
            {
                Requeue(seq, lane, key);
                tables.Row.Parked--;
                freed++;
            }
        }

        return freed;
    }

    private void Park(long seq, OperationId head)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        head.WriteTo(id);
        _park.Bind(1, seq).BindBlob(2, id).Run();
    }

    private void Requeue(long seq, Lane lane, EntityKey key)
    {
        tables.Disturb();
        if (tables.Row.Mark(lane) is var mark && seq <= mark)
        {
            _spellOut.Bind(1, (long)lane).Bind(2, seq).Bind(3, mark).Run();
            tables.Row.SetMark(lane, seq - 1);
        }

        _requeue.Bind(1, seq).Run();
        tables.Row.AddPending(lane, 1);
        tables[lane].Keys.Add(key);
        tables[lane].Free(key, seq);
    }

    private List<OperationId> AllDead()
    {
        var dead = new List<OperationId>();
        while (_dead.Step())
        {
            dead.Add(_dead.Id(0));
        }

        _dead.Reset();
        return dead;
    }

    private Found? Find(OperationId operation)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        operation.WriteTo(id);
        _find.BindBlob(1, id);
        try
        {
            if (!_find.Step())
            {
                return null;
            }

            var (seq, lane) = (_find.Long(0), (Lane)_find.Long(2));
            var state = tables.Row.Meant((RowState)_find.Long(1), lane, seq);
            return new Found(seq, state, lane, EntityKey.Of(_find.Bytes(3), _find.Bytes(4)), _find.Long(5));
        }
        finally
        {
            _find.Reset();
        }
    }

    private readonly record struct Found(long Seq, RowState State, Lane Lane, EntityKey Key, long PayloadBytes);
}
