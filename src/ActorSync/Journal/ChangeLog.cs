using ActorSync.Changes;
using ActorSync.Journal.Sqlite;

namespace ActorSync.Journal;

/// <summary>The order in which entities of the replica changed, one place an entity: a later change moves it to the end.</summary>
/// <remarks>
/// So it is never longer than the replica, nothing of it is ever thrown away, and a reader that comes after a year reads each entity once. Writes stand
/// inside the caller's transaction.
/// </remarks>
internal sealed class ChangeLog
{
    private const int TokenBytes = 16;

    /// <summary>Openings of the file that are remembered; a position of an older one is read from the beginning.</summary>
    private const int KeptEpochs = 1000;

    private readonly JournalTables _tables;
    private readonly Statement _move;
    private readonly Statement _epoch;
    private readonly Statement _next;
    private Guid _newest;
    private bool _isEpochOpen;

    public ChangeLog(JournalTables tables)
    {
        _tables = tables;
        var db = tables.Db;
        _move = db.Prepare(
            "INSERT INTO changed (entity, entity_id, position) VALUES (?1, ?2, ?3) ON CONFLICT (entity, entity_id) DO UPDATE SET position = excluded.position"
        );
        _epoch = db.Prepare("SELECT id FROM change_epoch WHERE token = ?1");
        _next = db.Prepare("SELECT first FROM change_epoch WHERE id > ?1 ORDER BY id LIMIT 1");
        Highest = db.QueryLong("SELECT max(position) FROM changed");
        IsOn = db.QueryLong("SELECT count(*) FROM change_log") > 0;
        IsComplete = db.QueryLong("SELECT complete FROM change_log") > 0;
        using var newest = db.Prepare("SELECT token FROM change_epoch ORDER BY id DESC LIMIT 1");
        if (newest.Step())
        {
            _newest = new Guid(newest.Bytes(0), bigEndian: true);
        }
    }

    /// <summary>Somebody has asked for changes once.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Everything that the replica held before is in it.</summary>
    public bool IsComplete { get; private set; }

    public long Highest { get; private set; }

    public ChangePosition At(long position) => new(_newest, position);

    /// <summary>From here on every change is recorded.</summary>
    public void TurnOn()
    {
        _tables.Db.Execute("INSERT INTO change_log (id) VALUES (1)");
        IsOn = true;
        OpenEpoch();
    }

    public void Record(ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId)
    {
        if (IsOn)
        {
            OpenEpoch();
            _move.BindText(1, entity).BindText(2, entityId).Bind(3, ++Highest).Run();
        }
    }

    /// <summary>The entity of a row of the queue: the hub refused it, and what the app showed ahead is not so.</summary>
    public void RecordRefused(long seq)
    {
        if (IsOn)
        {
            using var row = _tables.Db.Prepare("SELECT entity, entity_id FROM op_journal WHERE seq = ?1");
            if (row.Bind(1, seq).Step())
            {
                Record(row.Bytes(0), row.Bytes(1));
            }
        }
    }

    /// <summary>Takes in some of the entities that the replica held before. False when those were the last; a cut is begun anew.</summary>
    public bool FillSome(ref (string Entity, string EntityId) at, int most)
    {
        using var rows = _tables.Db.Prepare(
            "SELECT DISTINCT entity, entity_id FROM replica WHERE (entity, entity_id) > (?1, ?2) ORDER BY entity, entity_id LIMIT ?3"
        );
        using var add = _tables.Db.Prepare("INSERT OR IGNORE INTO changed (entity, entity_id, position) VALUES (?1, ?2, ?3)");
        rows.BindText(1, at.Entity).BindText(2, at.EntityId).Bind(3, most);
        OpenEpoch();
        var count = 0;
        for (; rows.Step(); count++)
        {
            at = (rows.Text(0), rows.Text(1));
            add.BindText(1, at.Entity).BindText(2, at.EntityId).Bind(3, Highest + 1).Run();
            Highest += _tables.Db.Changes;
        }

        if (count < most)
        {
            _tables.Db.Execute("UPDATE change_log SET complete = 1");
            IsComplete = true;
        }

        return count == most;
    }

    /// <summary>Whether the position was given by this file, and not by a later state of it that was since put back.</summary>
    public bool Knows(ChangePosition position)
    {
        try
        {
            if (!BindToken(_epoch, 1, position.Epoch).Step())
            {
                return false;
            }

            return _next.Bind(1, _epoch.Long(0)).Step() ? position.Value < _next.Long(0) : position.Value <= Highest;
        }
        finally
        {
            _next.Reset();
            _epoch.Reset();
        }
    }

    public ChangePosition? Place(string name, string? entity)
    {
        using var read = _tables.Db.Prepare("SELECT token, position FROM change_cursor WHERE name = ?1 AND entity = ?2");
        return read.BindText(1, name).BindText(2, entity ?? "").Step()
            ? new ChangePosition(new Guid(read.Bytes(0), bigEndian: true), read.Long(1))
            : null;
    }

    public void Move(string name, string? entity, ChangePosition position)
    {
        using var move = _tables.Db.Prepare(
            "INSERT INTO change_cursor (name, entity, token, position) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, entity) DO UPDATE "
                + "SET token = excluded.token, position = excluded.position WHERE excluded.position > position OR excluded.token <> token"
        );
        BindToken(move.BindText(1, name).BindText(2, entity ?? ""), 3, position.Epoch).Bind(4, position.Value).Run();
    }

    private void OpenEpoch()
    {
        if (_isEpochOpen)
        {
            return;
        }

        Span<byte> token = stackalloc byte[TokenBytes];
        _tables.Platform.Chance.Fill(token);
        _newest = new Guid(token, bigEndian: true);
        using var open = _tables.Db.Prepare("INSERT INTO change_epoch (token, first) VALUES (?1, ?2)");
        open.BindBlob(1, token).Bind(2, Highest + 1).Run();
        _tables.Db.Execute($"DELETE FROM change_epoch WHERE id <= (SELECT max(id) FROM change_epoch) - {KeptEpochs}");
        _isEpochOpen = true;
    }

    private static Statement BindToken(Statement statement, int position, Guid token)
    {
        Span<byte> bytes = stackalloc byte[TokenBytes];
        token.TryWriteBytes(bytes, bigEndian: true, out _);
        return statement.BindBlob(position, bytes);
    }
}
