using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Reading while both lanes hold something. The other lane's filter of keys says which rows need a look.</summary>
/// <remarks>The look goes through that lane in steps, so that enqueues are taken between them.</remarks>
internal sealed class PlannedReading(JournalTables tables, ParkingReader parking)
{
    private readonly Statement _byLane = tables.Db.Prepare(
        $"SELECT {BatchBody.Columns} FROM op_journal INDEXED BY op_lane WHERE lane = ?2 AND seq > ?1 ORDER BY seq"
    );

    private readonly Statement _one = tables.Db.Prepare($"SELECT {BatchBody.Columns} FROM op_journal WHERE seq = ?1");

    /// <summary>Fills the filter with the keys of rows that were there before this process.</summary>
    public IEnumerable<JournalStep> LoadKeys(LaneReading reading)
    {
        reading.Keys.ForgetWhenCrowded(tables.Row.Pending(reading.Lane));
        var from = tables.Row.Mark(reading.Lane);
        while (!reading.Keys.IsComplete)
        {
            var looked = 0;
            _byLane.Bind(1, from).Bind(2, (long)reading.Lane);
            try
            {
                while (looked < tables.StepRows && _byLane.Step())
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

            if (looked < tables.StepRows)
            {
                reading.Keys.Complete();
            }
            else
            {
                yield return JournalStep.More;
            }
        }
    }

    /// <summary>The lane's next rows, without looking at the other lane yet.</summary>
    public LanePlan Start(LaneReading own, LaneReading other, int maxOperations, int maxBytes)
    {
        var plan = new LanePlan(own, other, maxOperations);
        var (bytes, passedBy) = (0, 0);
        plan.After = plan.Until = own.Position;
        _byLane.Bind(1, own.Position).Bind(2, (long)own.Lane);
        try
        {
            while (plan.Candidates.Count < maxOperations && bytes < maxBytes && passedBy < tables.StepRows && _byLane.Step())
            {
                var seq = _byLane.Long(0);
                plan.Until = seq;
                passedBy++;
                if ((RowState)_byLane.Long(11) != RowState.Pending)
                {
                    continue;
                }

                var key = EntityKey.Of(_byLane.Bytes(3), _byLane.Bytes(4));
                if (own.Skips(key))
                {
                    plan.Skip(seq);
                }
                else if (!parking.Takes(seq, own.Lane, key))
                {
                    plan.Candidates.Add((seq, key));
                    passedBy--;
                    bytes += _byLane.Bytes(7).Length;
                }
            }
        }
        finally
        {
            _byLane.Reset();
        }

        parking.Park();
        plan.IsCutShort = plan.Candidates.Count == 0 && passedBy == tables.StepRows;
        return plan;
    }

    /// <summary>Rows of the other lane that are older than a candidate of their key.</summary>
    public IEnumerable<JournalStep> FindOlder(LanePlan plan)
    {
        var from = tables.Row.Mark(plan.Other);
        while (plan.NeedsOlder(from))
        {
            from = FindOlder(plan, from);
            yield return JournalStep.More;
        }
    }

    public PushBatch? Write(LanePlan plan, BatchBody body, int maxBytes, int shiftEpoch)
    {
        var own = tables[plan.Lane];
        foreach (var (seq, candidate) in plan.Decide())
        {
            _one.Bind(1, seq);
            try
            {
                // Steps have passed since it was chosen: it may have been settled.
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

        // A row that was left out for room is read again next; one that waits for the other lane when that has let go.
        own.Position = plan.FirstOmitted is { } omitted ? omitted - 1 : plan.Until;
        foreach (var (seq, key) in plan.Waits)
        {
            own.Wait(key, seq);
        }

        return body.Finish((plan.After, own.Position), plan.FirstSkipped, shiftEpoch);
    }

    private long FindOlder(LanePlan plan, long from)
    {
        _byLane.Bind(1, from).Bind(2, (long)plan.Other);
        try
        {
            for (var looked = 0; looked < tables.StepRows; looked++)
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
}
