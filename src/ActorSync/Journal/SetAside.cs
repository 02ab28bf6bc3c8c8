using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Dead letters and what is parked behind them: retry, discard, park by hand.</summary>
/// <remarks>
/// Every method works inside the caller's transaction. One transaction frees no more than <see cref="MostRows"/>; while <see cref="IsFreeing"/> the
/// journal goes on with <see cref="FreeSome"/>, after a kill too.
/// </remarks>
internal sealed class SetAside(JournalTables tables)
{
    private const string SetAsideByHand = "parked: set aside by hand";

    private readonly Statement _find = tables.Db.Prepare(
        "SELECT seq, state, lane, entity, entity_id, length(CAST(payload AS BLOB)) FROM op_journal WHERE operation_id = ?1"
    );

    private readonly Statement _dead = tables.Db.Prepare(
        "SELECT operation_id, seq FROM op_journal INDEXED BY op_dead WHERE state = 2 AND seq > ?1 ORDER BY seq LIMIT ?2"
    );
    private readonly Statement _behind = tables.Db.Prepare(
        "SELECT seq, lane FROM op_journal INDEXED BY op_behind WHERE state = 1 AND blocked_by = ?1 ORDER BY seq LIMIT ?2"
    );

    private readonly Statement _requeue = tables.Db.Prepare("UPDATE op_journal SET state = 0, blocked_by = NULL WHERE seq = ?1");
    private readonly Statement _park = tables.Db.Prepare("UPDATE op_journal SET state = 1, blocked_by = ?2 WHERE seq = ?1");
    private readonly Statement _bury = tables.Db.Prepare("UPDATE op_journal SET state = 2, last_error = ?2 WHERE seq = ?1");
    private readonly Statement _keep = tables.Db.Prepare(
        "INSERT OR REPLACE INTO discarded SELECT operation_id, lamport_ts, entity, entity_id, field, op, payload, coalesce(?4, last_error), ?2, ?3 FROM op_journal WHERE seq = ?1"
    );

    private readonly Statement _delete = tables.Db.Prepare("DELETE FROM op_journal WHERE seq = ?1");

    // The mark moves back over acked rows: from now on their own state says so.
    private readonly Statement _spellOut = tables.Db.Prepare(
        "UPDATE op_journal SET state = 3 WHERE lane = ?1 AND state = 0 AND seq >= ?2 AND seq <= ?3"
    );

    /// <summary>Rows that one transaction moves: some 10 ms of an enqueue's waiting.</summary>
    public int MostRows => Math.Max(1, tables.StepRows / 10);

    public bool IsFreeing => tables.Aside.FirstLeaving() is not null;

    /// <summary>Heads of their keys that were acked or are given up: what waits behind them may go. Gives how many rows went back to pending by now.</summary>
    public int ReleaseBehind(List<OperationId> heads)
    {
        heads.ForEach(tables.Aside.Leave);
        return FreeSome();
    }

    /// <summary>
    /// What waits behind heads that are out of the way waits for the next older head of its key from now on, or goes back to pending, the oldest first.
    /// </summary>
    public int FreeSome()
    {
        var (room, freed) = (MostRows, 0);
        while (room > 0 && tables.Aside.FirstLeaving() is var (head, key))
        {
            var rows = Behind(head, room);
            foreach (var (seq, lane) in rows)
            {
                if (tables.Aside.TryGetOther(key, seq, head, out var other))
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

            if (rows.Count < room)
            {
                tables.Aside.Remove(head);
            }
            else
            {
                tables.Aside.Move(head, rows[^1].Seq);
            }

            room -= rows.Count;
        }

        return freed;
    }

    /// <summary>One dead letter back to pending; what is parked behind it waits for its ack.</summary>
    public long Retry(OperationId operation)
    {
        var count = Requeue(operation);
        FreeSome();
        return count;
    }

    private long Requeue(OperationId operation)
    {
        if (Find(operation) is not { State: RowState.Dead } found)
        {
            return 0;
        }

        tables.Row.Dead--;
        if (tables.Aside.TryGetOther(found.Key, found.Seq, operation, out var older))
        {
            // It must not overtake: it is parked like the rest until the older one is out of the way.
            Park(found.Seq, older);
            tables.Row.Parked++;
            tables.Aside.Leave(operation);
        }
        else
        {
            Requeue(found.Seq, found.Lane, found.Key);
        }

        return 1;
    }

    /// <summary>The same for some of those behind <paramref name="afterSeq"/>, which moves on. False when those were the last.</summary>
    public bool RetrySome(ref long afterSeq, ref long count)
    {
        var dead = new List<OperationId>();
        _dead.Bind(1, afterSeq).Bind(2, MostRows);
        while (_dead.Step())
        {
            dead.Add(_dead.Id(0));
            afterSeq = _dead.Long(1);
        }

        _dead.Reset();
        count += dead.Sum(Requeue);
        FreeSome();
        return dead.Count == MostRows;
    }

    public long Discard(OperationId operation, string reason, List<Settled> settled)
    {
        if (Find(operation) is not { State: RowState.Dead } found)
        {
            return 0;
        }

        tables.Row.Dead--;
        GiveUp(found.Seq, found.PayloadBytes, error: null, reason);
        settled.Add(new Settled(operation, ReceiptState.Discarded, reason));
        ReleaseBehind([operation]);
        return 1;
    }

    /// <summary>The row leaves the queue; its content and the reason are kept.</summary>
    /// <param name="error">What the hub said; null keeps what the row says.</param>
    public void GiveUp(long seq, long payloadBytes, string? error, string reason)
    {
        _keep.Bind(1, seq).BindText(2, reason).Bind(3, tables.NowMilliseconds).BindText(4, error).Run();
        _delete.Bind(1, seq).Run();
        tables.Row.PayloadBytes -= payloadBytes;
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

    private List<(long Seq, Lane Lane)> Behind(OperationId head, int most)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        head.WriteTo(id);
        var rows = new List<(long Seq, Lane Lane)>();
        _behind.BindBlob(1, id).Bind(2, most);
        while (_behind.Step())
        {
            rows.Add((_behind.Long(0), (Lane)_behind.Long(1)));
        }

        _behind.Reset();
        return rows;
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
