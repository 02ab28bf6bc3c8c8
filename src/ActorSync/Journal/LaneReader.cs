using System.Buffers;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Reads what a lane may send next (WIRE rule h): all older unsettled operations of a key first, no key in two requests.</summary>
/// <remarks>
/// While the other lane is empty that is the lane's own order and costs nothing. Otherwise the other lane's filter of keys says which rows need a
/// look; the look goes through that lane in steps, so that enqueues are taken between them.
/// </remarks>
internal sealed class LaneReader(JournalTables tables)
{
    /// <summary>Rows looked at between two other messages of the journal.</summary>
    private const int StepRows = 20_000;

    private readonly Statement _bySeq = tables.Db.Prepare($"SELECT {BatchBody.Columns} FROM op_journal WHERE seq > ?1 ORDER BY seq");
    private readonly Statement _byLane = tables.Db.Prepare(
        $"SELECT {BatchBody.Columns} FROM op_journal INDEXED BY op_lane WHERE lane = ?2 AND seq > ?1 ORDER BY seq"
    );

    private readonly Statement _one = tables.Db.Prepare($"SELECT {BatchBody.Columns} FROM op_journal WHERE seq = ?1");
    private readonly Statement _park = tables.Db.Prepare("UPDATE op_journal SET state = 1, blocked_by = ?2 WHERE seq = ?1");
    private readonly Stack<ArrayBufferWriter<byte>> _buffers = new();

    /// <summary>How often stamps were shifted since the journal was opened.</summary>
    public int ShiftEpoch { get; set; }

    /// <summary>Yields between steps; calls <paramref name="done"/> once, with null when nothing can be read now.</summary>
    public IEnumerable<JournalStep> Read(Lane lane, int maxOperations, int maxBytes, Action<PushBatch?> done)
    {
        if (maxOperations <= 0 || tables.Row.Pending(lane) == 0)
        {
            done(null);
            yield break;
        }

        var other = tables.Other(lane);
        if (tables.Row.Pending(other.Lane) == 0 && other.Outstanding.Count == 0)
        {
            done(Keep(lane, ReadStraight(lane, maxOperations, maxBytes)));
            yield break;
        }

        foreach (var step in LoadKeys(other))
        {
            yield return step;
        }

        var plan = new LanePlan(tables[lane], other, maxOperations);
        Candidates(lane, plan, maxBytes);
        var from = tables.Row.Mark(other.Lane);
        while (plan.NeedsOlder(from))
        {
            from = FindOlder(other.Lane, plan, from);
            yield return JournalStep.More;
        }

        done(Keep(lane, Write(lane, plan, maxBytes)));
    }

    public void Release(PushBatch batch)
    {
        if (tables[batch.Lane].Outstanding.Remove(batch))
        {
            batch.Buffer.ResetWrittenCount();
            _buffers.Push(batch.Buffer);
        }
    }

    private PushBatch? Keep(Lane lane, PushBatch? batch)
    {
        if (batch is not null)
        {
            tables[lane].Outstanding.Add(batch);
        }

        return batch;
    }

    private PushBatch? ReadStraight(Lane lane, int maxOperations, int maxBytes)
    {
        var reading = tables[lane];
        using var body = NewBody(lane);
        var (after, until) = (reading.Position, reading.Position);
        var firstSkipped = long.MaxValue;
        List<(long Seq, EntityKey Key)>? toPark = null;
        var watch = tables.Aside.Count > 0 || reading.Held.Count > 0;
        _bySeq.Bind(1, after);
        try
        {
            while (body.Count < maxOperations && _bySeq.Step())
            {
                var seq = _bySeq.Long(0);
                if ((Lane)_bySeq.Long(12) == lane && (RowState)_bySeq.Long(11) == RowState.Pending)
                {
                    if (!body.Fits(_bySeq, maxBytes))
                    {
                        break;
                    }

                    var key = EntityKey.Of(_bySeq.Bytes(3), _bySeq.Bytes(4));
                    switch (watch ? Judge(reading, key) : Verdict.Send)
                    {
                        case Verdict.Park:
                            (toPark ??= []).Add((seq, key));
                            break;
                        case Verdict.Skip:
                            firstSkipped = Math.Min(firstSkipped, seq);
                            break;
                        default:
                            body.Append(_bySeq, key);
                            break;
                    }
                }

                until = seq;
            }
        }
        finally
        {
            _bySeq.Reset();
        }

        Park(toPark);
        reading.Position = until;
        return body.Finish((after, until), firstSkipped, ShiftEpoch);

        Verdict Judge(LaneReading own, EntityKey key) =>
            own.Held.Contains(key) ? Verdict.Skip
            : IsBehindAside(_bySeq, key) ? Verdict.Park
            : Verdict.Send;
    }

    /// <summary>The lane's next rows, without looking at the other lane yet.</summary>
    private void Candidates(Lane lane, LanePlan plan, int maxBytes)
    {
        var reading = tables[lane];
        List<(long Seq, EntityKey Key)>? toPark = null;
        var bytes = 0;
        plan.After = plan.Until = reading.Position;
        _byLane.Bind(1, reading.Position).Bind(2, (long)lane);
        try
        {
            while (plan.Candidates.Count < plan.MaxOperations && bytes < maxBytes && _byLane.Step())
            {
                var seq = _byLane.Long(0);
                plan.Until = seq;
                if ((RowState)_byLane.Long(11) != RowState.Pending)
                {
                    continue;
                }

                var key = EntityKey.Of(_byLane.Bytes(3), _byLane.Bytes(4));
                if (reading.Held.Contains(key))
                {
                    plan.Skip(seq);
                }
                else if (tables.Aside.Count > 0 && IsBehindAside(_byLane, key))
                {
                    (toPark ??= []).Add((seq, key));
                }
                else
                {
                    plan.Candidates.Add((seq, key));
                    bytes += _byLane.Bytes(7).Length;
                }
            }
        }
        finally
        {
            _byLane.Reset();
        }

        Park(toPark);
    }

    /// <summary>Rows of the other lane that are older than a candidate of their key. Gives where the next step starts.</summary>
    private long FindOlder(Lane other, LanePlan plan, long from)
    {
        _byLane.Bind(1, from).Bind(2, (long)other);
        try
        {
            for (var looked = 0; looked < StepRows; looked++)
            {
                if (!_byLane.Step() || _byLane.Long(0) > plan.LastDoubt)
                {
                    return long.MaxValue;
                }

                from = _byLane.Long(0);
                if ((RowState)_byLane.Long(11) == RowState.Pending)
                {
                    plan.Older(EntityKey.Of(_byLane.Bytes(3), _byLane.Bytes(4)), from);
                }
            }

            return from;
        }
        finally
        {
            _byLane.Reset();
        }
    }

    private PushBatch? Write(Lane lane, LanePlan plan, int maxBytes)
    {
        var reading = tables[lane];
        using var body = NewBody(lane);
        foreach (var (seq, candidate) in plan.Decide())
        {
            _one.Bind(1, seq);
            try
            {
                // Steps have passed since it was chosen: it may have been settled, parked or cleared.
                if (_one.Step() && tables.Row.Meant((RowState)_one.Long(11), (Lane)_one.Long(12), seq) == RowState.Pending)
                {
                    if (!body.Fits(_one, maxBytes))
                    {
                        plan.Omit(candidate);
                        break;
                    }

                    body.Append(_one, EntityKey.Of(_one.Bytes(3), _one.Bytes(4)));
                }
            }
            finally
            {
                _one.Reset();
            }
        }

        // A row that was left out for room is read again next; one that waits for the other lane is passed over until the next pass.
        reading.Waiting |= plan.WaitsForOther;
        reading.Position = plan.FirstOmitted is { } omitted ? omitted - 1 : plan.Until;
        return body.Finish((plan.After, reading.Position), plan.FirstSkipped, ShiftEpoch);
    }

    private IEnumerable<JournalStep> LoadKeys(LaneReading reading)
    {
        var from = tables.Row.Mark(reading.Lane);
        while (!reading.Keys.IsComplete)
        {
            var looked = 0;
            _byLane.Bind(1, from).Bind(2, (long)reading.Lane);
            try
            {
                while (looked < StepRows && _byLane.Step())
                {
                    from = _byLane.Long(0);
                    looked++;
                    if ((RowState)_byLane.Long(11) == RowState.Pending)
                    {
                        reading.Keys.Add(EntityKey.Of(_byLane.Bytes(3), _byLane.Bytes(4)));
                    }
                }
            }
            finally
            {
                _byLane.Reset();
            }

            if (looked < StepRows)
            {
                reading.Keys.Complete();
            }
            else
            {
                yield return JournalStep.More;
            }
        }
    }

    private bool IsBehindAside(Statement row, EntityKey key) =>
        tables.Aside.TryGetHead(key, out var head) && OperationId.FromBytes(row.Bytes(1)) != head;

    private void Park(List<(long Seq, EntityKey Key)>? rows)
    {
        if (rows is null)
        {
            return;
        }

        tables.Write(() =>
        {
            Span<byte> id = stackalloc byte[OperationId.Bytes];
            foreach (var (seq, key) in rows)
            {
                tables.Aside.TryGetHead(key, out var head);
                head.WriteTo(id);
                _park.Bind(1, seq).BindBlob(2, id).Run();
                _one.Bind(1, seq);
                _one.Step();
                tables.Row.AddPending((Lane)_one.Long(12), -1);
                _one.Reset();
                tables.Row.Parked++;
            }
        });
    }

    private BatchBody NewBody(Lane lane) =>
        new(lane, tables.Device, tables.Row, _buffers.TryPop(out var buffer) ? buffer : new ArrayBufferWriter<byte>(64 * 1024));

    private enum Verdict
    {
        Send,
        Skip,
        Park,
    }
}
