using System.Collections.Immutable;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Answers about rows, counters, checkpoints and settings.</summary>
internal sealed class JournalQueries(JournalTables tables)
{
    /// <summary>Payload of one page: it goes to an actor and on to a console, whatever the rows carry.</summary>
    private const int MostBytes = 4 << 20;

    private const string RowColumns =
        "seq, operation_id, lamport_ts, origin, entity, entity_id, field, op, payload, lane, schema, created_at, attempts, last_attempt_at, last_error, state, "
        + "published, blocked_by";

    private readonly Statement _one = tables.Db.Prepare($"SELECT {RowColumns} FROM op_journal WHERE operation_id = ?1");
    private readonly Statement _from = tables.Db.Prepare($"SELECT {RowColumns} FROM op_journal WHERE seq > ?1 ORDER BY seq");
    private readonly Statement _parked = tables.Db.Prepare(
        $"SELECT {RowColumns} FROM op_journal INDEXED BY op_parked WHERE state = 1 AND seq > ?1 ORDER BY seq"
    );

    private readonly Statement _dead = tables.Db.Prepare(
        $"SELECT {RowColumns} FROM op_journal INDEXED BY op_dead WHERE state = 2 AND seq > ?1 ORDER BY seq"
    );

    private readonly Statement _discarded = tables.Db.Prepare("SELECT reason FROM discarded WHERE operation_id = ?1");
    private readonly Statement _oldest = tables.Db.Prepare(
        "SELECT created_at FROM op_journal INDEXED BY op_lane WHERE lane = ?1 AND seq > ?2 AND state = 0 ORDER BY seq LIMIT 1"
    );

    private readonly Statement _checkpoint = tables.Db.Prepare("SELECT position FROM import_checkpoint WHERE source = ?1");
    private readonly Statement _settings = tables.Db.Prepare("SELECT key, value FROM setting");

    public JournalRow? Find(OperationId operation)
    {
        BindId(_one, 1, operation);
        try
        {
            return _one.Step() ? Read(_one) : null;
        }
        finally
        {
            _one.Reset();
        }
    }

    public string? DiscardReason(OperationId operation)
    {
        BindId(_discarded, 1, operation);
        try
        {
            return _discarded.Step() ? _discarded.Text(0) : null;
        }
        finally
        {
            _discarded.Reset();
        }
    }

    /// <summary>A page of rows in one state, FIFO. Zero or a negative limit gives nothing.</summary>
    public Rows List(RowState state, long afterSeq, int limit)
    {
        if (limit <= 0)
        {
            return new Rows([], HasMore: false);
        }

        var rows = ImmutableArray.CreateBuilder<JournalRow>();
        var statement = state switch
        {
            RowState.Parked => _parked.Bind(1, afterSeq),
            RowState.Dead => _dead.Bind(1, afterSeq),
            _ => _from.Bind(1, Math.Max(afterSeq, LowestMark(state))),
        };
        var bytes = 0L;
        try
        {
            while (rows.Count < limit && bytes < MostBytes && statement.Step())
            {
                // Looked at before it is made: a rare state in a deep queue costs no objects.
                if (tables.Row.Meant((RowState)statement.Long(15), (Lane)statement.Long(9), statement.Long(0)) == state)
                {
                    rows.Add(Read(statement));
                    bytes += statement.Bytes(8).Length;
                }
            }
        }
        finally
        {
            statement.Reset();
        }

        return new Rows(rows.ToImmutable(), HasMore: rows.Count == limit || bytes >= MostBytes);
    }

    public JournalCounts Counts()
    {
        ref var row = ref tables.Row;
        return new JournalCounts(
            tables.Device,
            row.Lamport,
            new LaneCounts(row.PendingPriority, Oldest(Lane.Priority)),
            new LaneCounts(row.PendingBulk, Oldest(Lane.Bulk)),
            row.Dead,
            row.Parked,
            row.PayloadBytes,
            tables.Settings.MaxOperations,
            row.AckedEver,
            row.HubLastId,
            row.HubHead,
            row.ReceiptLamport,
            row.ReceiptAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null
        );
    }

    public long Checkpoint(string source)
    {
        _checkpoint.BindText(1, source);
        try
        {
            return _checkpoint.Step() ? _checkpoint.Long(0) : 0;
        }
        finally
        {
            _checkpoint.Reset();
        }
    }

    /// <summary>Inside the caller's transaction; a checkpoint never goes back.</summary>
    public void Advance(SourceCheckpoint checkpoint)
    {
        using var advance = tables.Db.Prepare(
            "INSERT INTO import_checkpoint (source, position) VALUES (?1, ?2) ON CONFLICT (source) DO UPDATE SET position = max(position, excluded.position)"
        );
        advance.BindText(1, checkpoint.Source).Bind(2, checkpoint.Position).Run();
    }

    public Settings ReadSettings()
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        while (_settings.Step())
        {
            values[_settings.Text(0)] = _settings.Text(1);
        }

        _settings.Reset();
        return new Settings(values.ToImmutable());
    }

    /// <summary>Inside the caller's transaction.</summary>
    public void Patch(ImmutableSortedDictionary<string, string?> patch)
    {
        using var put = tables.Db.Prepare(
            "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        );
        using var remove = tables.Db.Prepare("DELETE FROM setting WHERE key = ?1");
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                remove.BindText(1, key).Run();
            }
            else
            {
                put.BindText(1, key).BindText(2, value).Run();
            }
        }
    }

    private DateTimeOffset? Oldest(Lane lane)
    {
        if (tables.Row.Pending(lane) == 0)
        {
            return null;
        }

        _oldest.Bind(1, (long)lane).Bind(2, tables.Row.Mark(lane));
        try
        {
            return _oldest.Step() ? DateTimeOffset.FromUnixTimeMilliseconds(_oldest.Long(0)) : null;
        }
        finally
        {
            _oldest.Reset();
        }
    }

    private long LowestMark(RowState state) => state == RowState.Pending ? Math.Min(tables.Row.MarkPriority, tables.Row.MarkBulk) : 0;

    private JournalRow Read(Statement row)
    {
        var (seq, lane) = (row.Long(0), (Lane)row.Long(9));
        return new JournalRow(
            seq,
            row.Id(1),
            row.Long(2),
            row.IsNull(3) ? null : new DeviceId(row.Text(3)),
            row.Text(4),
            row.Text(5),
            row.TextOrNull(6),
            (OperationKind)row.Long(7),
            row.TextOrNull(8),
            lane,
            (int)row.Long(10),
            DateTimeOffset.FromUnixTimeMilliseconds(row.Long(11)),
            (int)row.Long(12),
            row.LongOrNull(13) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            row.TextOrNull(14),
            tables.Row.Meant((RowState)row.Long(15), lane, seq),
            row.Long(16) != 0,
            row.IsNull(17) ? null : row.Id(17)
        );
    }

    private static void BindId(Statement statement, int position, OperationId operation)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        operation.WriteTo(id);
        statement.BindBlob(position, id);
    }
}
