using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>Books what the hub said of a batch. An ack is a mark moved forward where it can be, a row's state where it cannot.</summary>
internal sealed class Settlement(JournalTables tables, SetAside aside, ChangeLog changes)
{
    private const string Blocked = "blocked";

    /// <summary>The reason that is kept of a relayed operation. A blocked one stays pending: what stood before it is out of the way next time.</summary>
    private const string NotOurs = "relayed: the hub does not take it, and only the device that made it can change it";

    private readonly Statement _row = tables.Db.Prepare(
        "SELECT state, lane, length(CAST(payload AS BLOB)), origin FROM op_journal WHERE seq = ?1"
    );
    private readonly Statement _ack = tables.Db.Prepare("UPDATE op_journal SET state = 3, lamport_ts = ?2 WHERE seq = ?1");
    private readonly Statement _stamp = tables.Db.Prepare("UPDATE op_journal SET lamport_ts = ?2 WHERE seq = ?1");
    private readonly Statement _bury = tables.Db.Prepare(
        "UPDATE op_journal SET state = 2, last_error = ?2, attempts = attempts + 1, last_attempt_at = ?3, blocked_by = NULL WHERE seq = ?1"
    );

    private readonly Statement _block = tables.Db.Prepare(
        "UPDATE op_journal SET state = 1, last_error = ?2, attempts = attempts + 1, last_attempt_at = ?3, blocked_by = ?4 WHERE seq = ?1"
    );

    private readonly Statement _attempt = tables.Db.Prepare(
        "UPDATE op_journal SET attempts = attempts + 1, last_attempt_at = ?2, last_error = ?3 WHERE seq = ?1"
    );

    /// <summary>Inside the caller's transaction.</summary>
    public SettledCounts Settle(PushBatch batch, PushResult result, int shiftEpoch, List<Settled> settled)
    {
        ref var row = ref tables.Row;
        var now = tables.NowMilliseconds;
        foreach (var accepted in result.Accepted)
        {
            row.Lamport = Math.Max(row.Lamport, accepted.Lamport);
        }

        var (acked, freed) = AckAll(batch, result, shiftEpoch, settled);
        var (dead, parked) = (0, 0);
        var givenUp = new List<(OperationId Operation, string Error)>();
        foreach (var rejected in result.Rejected)
        {
            ref readonly var sent = ref batch.Rows[rejected.Index];
            if (Find(sent.Seq) is not { State: not RowState.Acked } found)
            {
                continue;
            }

            var error = $"{rejected.Error}: {rejected.Message}";
            if (!found.IsOurs)
            {
                if (rejected.Error != Blocked)
                {
                    Leave(found);
                    aside.GiveUp(sent.Seq, found.PayloadBytes, error, NotOurs);
                    settled.Add(new Settled(sent.Id, ReceiptState.Discarded, NotOurs));
                    givenUp.Add((sent.Id, error));
                }
            }
            else if (SetRejectedAside(sent, found, rejected.Error == Blocked, error, now, settled))
            {
                parked++;
            }
            else
            {
                dead++;
            }
        }

        if (dead + givenUp.Count > 0)
        {
            tables.Unrest++;
        }

        freed += givenUp.Count > 0 ? aside.ReleaseBehind([.. givenUp.Select(one => one.Operation)]) : 0;

        // The mark counts on rows that nobody booked before: from here on this batch is booked row by row.
        batch.Disturbed |= result.Rejected.Length > 0;
        batch.Open -= acked + dead + parked + givenUp.Count;
        row.AckedEver += acked;
        if (result.LastId > row.HubLastId && result.Head is not null)
        {
            (row.HubLastId, row.HubHead) = (result.LastId, result.Head);
        }

        row.ReceiptAt = now;
        row.ReceiptLamport = Math.Max(row.ReceiptLamport, result.Receipt?.HighestLamport ?? 0);
        return new SettledCounts(acked, dead, parked, freed, givenUp);
    }

    public void RecordAttempt(PushBatch batch, int from, int count, string error)
    {
        var now = tables.NowMilliseconds;
        foreach (var row in batch.Rows.Slice(from, count))
        {
            _attempt.Bind(1, row.Seq).Bind(2, now).BindText(3, error).Run();
        }
    }

    private (int Acked, int Freed) AckAll(PushBatch batch, PushResult result, int shiftEpoch, List<Settled> settled)
    {
        ref var row = ref tables.Row;
        var restamped = batch.ShiftEpoch != shiftEpoch;
        var prefix = batch.Disturbed || row.Mark(batch.Lane) != batch.Span.After ? 0 : Prefix(batch, result);
        batch.Disturbed |= prefix < result.Accepted.Length;
        var acked = 0;
        List<OperationId>? heads = null;
        for (var i = 0; i < result.Accepted.Length; i++)
        {
            var accepted = result.Accepted[i];
            ref readonly var sent = ref batch.Rows[accepted.Index];
            if (i < prefix)
            {
                if (restamped || accepted.Lamport != sent.Lamport)
                {
                    _stamp.Bind(1, sent.Seq).Bind(2, accepted.Lamport).Run();
                }

                row.AddPending(batch.Lane, -1);
                row.PayloadBytes -= sent.PayloadBytes;
                row.Unfolded++;
            }
            else if (!AckOne(sent, accepted.Lamport))
            {
                continue;
            }

            acked++;
            settled.Add(new Settled(sent.Id, ReceiptState.Acked, null));
            if (tables.Aside.Count > 0)
            {
                (heads ??= []).Add(sent.Id);
            }
        }

        if (prefix > 0)
        {
            var last = batch.Rows[result.Accepted[prefix - 1].Index].Seq;
            row.SetMark(batch.Lane, prefix == batch.Count ? Math.Min(batch.Span.Until, batch.FirstSkipped - 1) : last);
        }

        // Only now: what goes back to pending behind the mark moves the mark back, and it must find it where it will stay.
        return (acked, heads is null ? 0 : aside.ReleaseBehind(heads));
    }

    /// <summary>How many accepted rows the mark can pass: the batch's first rows, accepted in the order sent, with nothing left out between.</summary>
    private static int Prefix(PushBatch batch, PushResult result)
    {
        var length = 0;
        while (
            length < result.Accepted.Length
            && result.Accepted[length].Index == length
            && batch.Rows[length].Lane == batch.Lane
            && batch.Rows[length].Seq < batch.FirstSkipped
        )
        {
            length++;
        }

        return length;
    }

    private bool AckOne(in PushBatch.Row sent, long lamport)
    {
        if (Find(sent.Seq) is not { State: not RowState.Acked } found)
        {
            return false;
        }

        Leave(found);
        _ack.Bind(1, sent.Seq).Bind(2, lamport).Run();
        tables.Row.PayloadBytes -= found.PayloadBytes;
        tables.Row.Unfolded++;
        return true;
    }

    /// <returns>True when it was parked, false when it is dead.</returns>
    private bool SetRejectedAside(in PushBatch.Row sent, in Found found, bool isBlocked, string error, long now, List<Settled> settled)
    {
        Leave(found);
        // Blocked behind an operation that we do not know as dead: parked it would wait for ever, so it is shown as dead.
        if (isBlocked && tables.Aside.TryGetHead(sent.Entity, sent.Seq, out var head))
        {
            Span<byte> id = stackalloc byte[OperationId.Bytes];
            head.WriteTo(id);
            _block.Bind(1, sent.Seq).BindText(2, error).Bind(3, now).BindBlob(4, id).Run();
            tables.Row.Parked++;
            return true;
        }

        _bury.Bind(1, sent.Seq).BindText(2, error).Bind(3, now).Run();
        changes.RecordRefused(sent.Seq);
        tables.Row.Dead++;
        tables.Aside.Add(sent.Entity, sent.Seq, sent.Id);
        settled.Add(new Settled(sent.Id, ReceiptState.Dead, error));
        return false;
    }

    private void Leave(in Found found)
    {
        switch (found.State)
        {
            case RowState.Pending:
                tables.Row.AddPending(found.Lane, -1);
                break;
            case RowState.Parked:
                tables.Row.Parked--;
                break;
            case RowState.Dead:
                tables.Row.Dead--;
                break;
            default:
                throw new InvalidOperationException($"row in state {found.State} cannot be settled");
        }
    }

    private Found? Find(long seq)
    {
        _row.Bind(1, seq);
        try
        {
            if (!_row.Step())
            {
                return null;
            }

            var lane = (Lane)_row.Long(1);
            return new Found(tables.Row.Meant((RowState)_row.Long(0), lane, seq), lane, _row.Long(2), _row.IsNull(3));
        }
        finally
        {
            _row.Reset();
        }
    }

    /// <param name="IsOurs">This device made it; another's is only relayed.</param>
    private readonly record struct Found(RowState State, Lane Lane, long PayloadBytes, bool IsOurs);
}

/// <param name="Freed">Rows that were parked behind what was acked, and are pending again.</param>
/// <param name="GivenUp">Operations of other devices that the hub does not take: not ours to set aside or to change (WIRE rule j), so they left the queue.</param>
internal readonly record struct SettledCounts(
    int Acked,
    int Dead,
    int Parked,
    int Freed,
    IReadOnlyList<(OperationId Operation, string Error)> GivenUp
)
{
    /// <summary>The answer may be of another history of the hub: nothing was booked.</summary>
    public bool IsUnproven { get; init; }
}

/// <summary>An operation that somebody may wait for reached its end.</summary>
internal readonly record struct Settled(OperationId Operation, ReceiptState State, string? Error);
