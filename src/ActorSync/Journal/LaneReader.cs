using System.Buffers;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Reads what a lane may send next (WIRE rule h): all older unsettled operations of a key first, no key in two requests.</summary>
/// <remarks>
/// While the other lane is empty that is the lane's own order and costs nothing. Otherwise <see cref="PlannedReading"/> looks at both.
/// </remarks>
internal sealed class LaneReader(JournalTables tables)
{
    private readonly Statement _bySeq = tables.Db.Prepare($"SELECT {BatchBody.Columns} FROM op_journal WHERE seq > ?1 ORDER BY seq");
    private readonly Statement _stored = tables.Db.Prepare("SELECT state, lane FROM op_journal WHERE seq = ?1");
    private readonly ParkingReader _parking = new(tables);
    private readonly PlannedReading _planned = new(tables, new ParkingReader(tables));
    private readonly Stack<ArrayBufferWriter<byte>> _buffers = new();

    /// <summary>How often stamps were shifted since the journal was opened.</summary>
    public int ShiftEpoch { get; set; }

    /// <summary>Yields between steps; calls <paramref name="done"/> once, with null when nothing can be read now or the pass is over.</summary>
    public IEnumerable<JournalStep> Read(Lane lane, long pass, int maxOperations, int maxBytes, Action<PushBatch?> done)
    {
        var (own, other) = (tables[lane], tables.Other(lane));
        while (own.Pass == pass && maxOperations > 0 && tables.Row.Pending(lane) > 0)
        {
            own.GoBack();
            if (tables.Row.Pending(other.Lane) == 0 && other.Outstanding.Count == 0)
            {
                if (ReadStraight(own, maxOperations, maxBytes, out var isCutShort) is var batch && !isCutShort)
                {
                    done(Keep(own, batch));
                    yield break;
                }

                yield return JournalStep.More;
                continue;
            }

            foreach (var step in _planned.LoadKeys(other))
            {
                yield return step;
            }

            var unrest = tables.Unrest;
            var plan = _planned.Start(own, other, maxOperations, maxBytes);
            if (plan.IsCutShort)
            {
                PassBy(own, plan.After, plan.Until, plan.FirstSkipped);
                yield return JournalStep.More;
                continue;
            }

            foreach (var step in _planned.FindOlder(plan))
            {
                yield return step;
            }

            // Between the steps rows may have come back, died or been cleared: then the plan is none any more.
            if (own.Pass == pass && unrest == tables.Unrest)
            {
                using var body = NewBody(lane);
                done(Keep(own, _planned.Write(plan, body, maxBytes, ShiftEpoch)));
                yield break;
            }
        }

        done(null);
    }

    /// <summary>Its keys are free and its buffer is used again. Rows that nobody settled stay pending; the pass does not overtake them.</summary>
    public void Release(PushBatch batch)
    {
        var own = tables[batch.Lane];
        if (!own.Outstanding.Remove(batch))
        {
            return;
        }

        if (batch.Open > 0)
        {
            foreach (var row in batch.Rows)
            {
                if (IsPending(row.Seq))
                {
                    own.Hold(row.Entity);
                    tables.Unrest++;
                }
            }
        }

        batch.Buffer.ResetWrittenCount();
        _buffers.Push(batch.Buffer);
    }

    private static PushBatch? Keep(LaneReading own, PushBatch? batch)
    {
        if (batch is not null)
        {
            own.Outstanding.Add(batch);
        }

        return batch;
    }

    /// <summary>Goes on behind many rows of which none can be sent. A mark that stood before them moves with it, so that they are passed by once.</summary>
    private void PassBy(LaneReading own, long after, long until, long firstSkipped)
    {
        own.Position = until;
        if (firstSkipped == long.MaxValue && after == tables.Row.Mark(own.Lane))
        {
            tables.Write(() => tables.Row.SetMark(own.Lane, until));
        }
    }

    /// <param name="isCutShort">More rows than a step may look at, and none of them to send: go on after a pause.</param>
    private PushBatch? ReadStraight(LaneReading own, int maxOperations, int maxBytes, out bool isCutShort)
    {
        using var body = NewBody(own.Lane);
        var (after, until) = (own.Position, own.Position);
        var firstSkipped = long.MaxValue;
        var watch = tables.Aside.Count > 0 || own.SkipsAny;
        var passedBy = 0;
        _bySeq.Bind(1, after);
        try
        {
            while (body.Count < maxOperations && passedBy < tables.StepRows && _bySeq.Step())
            {
                var seq = _bySeq.Long(0);
                passedBy++;
                if ((Lane)_bySeq.Long(12) == own.Lane && (RowState)_bySeq.Long(11) == RowState.Pending)
                {
                    if (!body.Fits(_bySeq, maxBytes))
                    {
                        break;
                    }

                    var key = EntityKey.Of(_bySeq.Bytes(3), _bySeq.Bytes(4));
                    if (watch && own.Skips(key))
                    {
                        firstSkipped = Math.Min(firstSkipped, seq);
                    }
                    else if (!watch || !_parking.Takes(seq, own.Lane, key))
                    {
                        body.Append(_bySeq, key);
                        passedBy--;
                    }
                }

                until = seq;
            }
        }
        finally
        {
            _bySeq.Reset();
        }

        var parked = _parking.Park();
        isCutShort = body.Count == 0 && passedBy == tables.StepRows;
        if (isCutShort)
        {
            PassBy(own, after, until, firstSkipped);
            return null;
        }

        own.Position = until;
        if (
            body.Count == 0
            && parked == 0
            && firstSkipped == long.MaxValue
            && after == tables.Row.Mark(own.Lane)
            && own.Outstanding.Count == 0
        )
        {
            throw JournalTables.Contradiction(
                $"{tables.Row.Pending(own.Lane)} operations of the {own.Lane} lane are counted and not there"
            );
        }

        return body.Finish((after, until), firstSkipped, ShiftEpoch);
    }

    private bool IsPending(long seq)
    {
        _stored.Bind(1, seq);
        try
        {
            return _stored.Step() && tables.Row.Meant((RowState)_stored.Long(0), (Lane)_stored.Long(1), seq) == RowState.Pending;
        }
        finally
        {
            _stored.Reset();
        }
    }

    private BatchBody NewBody(Lane lane) =>
        new(lane, tables.Device, tables.Row, _buffers.TryPop(out var buffer) ? buffer : new ArrayBufferWriter<byte>(64 * 1024));
}
