using System.Collections.Immutable;
using System.Text;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>The merged replica. Acked operations are folded in and leave the queue in one transaction, in the background; so trimming is folding.</summary>
internal sealed class Replica(JournalTables tables)
{
    private const int DigestRows = 5_000;

    private readonly Statement _acked = tables.Db.Prepare(
        "SELECT seq, state, lane, operation_id, lamport_ts, entity, entity_id, field, op, payload, origin FROM op_journal WHERE seq > ?1 ORDER BY seq"
    );

    private readonly Statement _drop = tables.Db.Prepare("DELETE FROM op_journal WHERE seq = ?1");

    // The greater merge key stands (WIRE rule b); BINARY compares device ids by their bytes.
    private readonly Statement _write = tables.Db.Prepare(
        "INSERT INTO replica (entity, entity_id, kind, register, value, lamport_ts, device, operation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
            + "ON CONFLICT (entity, entity_id, kind, register) DO UPDATE SET value = excluded.value, lamport_ts = excluded.lamport_ts, "
            + "device = excluded.device, operation_id = excluded.operation_id WHERE excluded.lamport_ts > lamport_ts OR (excluded.lamport_ts = lamport_ts "
            + "AND ((SELECT device_id FROM device WHERE id = excluded.device), excluded.operation_id) > ((SELECT device_id FROM device WHERE id = replica.device), operation_id))"
    );

    private readonly Statement _rows = tables.Db.Prepare(
        "SELECT entity, entity_id, kind, register, value, lamport_ts, device, operation_id FROM replica "
            + "WHERE (entity, entity_id, kind, register) > (?1, ?2, ?3, ?4) ORDER BY entity, entity_id, kind, register LIMIT ?5"
    );

    private readonly Statement _devices = tables.Db.Prepare("SELECT id, device_id FROM device");
    private readonly Statement _addDevice = tables.Db.Prepare("INSERT OR IGNORE INTO device (device_id) VALUES (?1)");
    private readonly Dictionary<long, byte[]> _deviceNames = [];
    private readonly Dictionary<string, long> _deviceIds = new(StringComparer.Ordinal);
    private long _position;

    /// <summary>Folds up to <paramref name="most"/> acked rows in one transaction. False when none is left.</summary>
    public bool Fold(int most)
    {
        if (tables.Row.Unfolded == 0)
        {
            return false;
        }

        tables.Write(() => FoldRows(most));
        return tables.Row.Unfolded > 0;
    }

    /// <summary>Hashes the replica in steps. Nothing may be folded until the last of them.</summary>
    public IEnumerable<JournalStep> Digest(Action<string, ImmutableSortedDictionary<string, string>> done)
    {
        using var digest = new ReplicaDigest();
        LoadDevices();
        var at = new Cursor();
        while (HashSome(digest, at))
        {
            yield return JournalStep.More;
        }

        var (whole, entities) = digest.Finish();
        done(whole, entities);
    }

    /// <summary>The live registers of entities, in order of id.</summary>
    public List<ReplicaEntity> Read(string entity, string? entityId, string? afterId, int limit)
    {
        using var rows = tables.Db.Prepare(
            "SELECT r.entity_id, r.kind, r.register, r.value, r.lamport_ts, d.device_id, r.operation_id FROM replica r JOIN device d ON d.id = r.device "
                + "WHERE r.entity = ?1 AND (?2 IS NULL OR r.entity_id = ?2) AND (?3 IS NULL OR r.entity_id > ?3) ORDER BY r.entity_id, r.kind, r.register"
        );
        rows.BindText(1, entity).BindText(2, entityId).BindText(3, afterId);
        var found = new List<ReplicaEntity>();
        while (rows.Step())
        {
            var id = rows.Text(0);
            if (found.Count == 0 || found[^1].EntityId != id)
            {
                if (found.Count == limit)
                {
                    break;
                }

                found.Add(new ReplicaEntity(id));
            }

            var key = new MergeKey(rows.Long(4), new DeviceId(rows.Text(5)), OperationId.FromBytes(rows.Bytes(6)));
            found[^1].Apply(rows.Long(1) == 0, rows.Text(2), rows.TextOrNull(3) ?? "null", key);
        }

        return found;
    }

    private void FoldRows(int most)
    {
        var folded = 0;
        var wrapped = false;
        while (folded < most && tables.Row.Unfolded > 0)
        {
            if (_position >= tables.Row.NextSeq - 1)
            {
                if (wrapped)
                {
                    throw new InvalidOperationException($"{tables.Row.Unfolded} acked operations are counted and not there");
                }

                (_position, wrapped) = (0, true);
            }

            folded += FoldRun(most - folded);
        }
    }

    /// <summary>From the position to the end of the table, or until enough were folded.</summary>
    private int FoldRun(int most)
    {
        var drop = new List<long>(Math.Min(most, 4096));
        _acked.Bind(1, _position);
        try
        {
            while (drop.Count < most)
            {
                if (!_acked.Step())
                {
                    _position = tables.Row.NextSeq - 1;
                    break;
                }

                _position = _acked.Long(0);
                if (tables.Row.Meant((RowState)_acked.Long(1), (Lane)_acked.Long(2), _position) == RowState.Acked)
                {
                    Apply(_acked);
                    drop.Add(_position);
                }
            }
        }
        finally
        {
            _acked.Reset();
        }

        foreach (var seq in drop)
        {
            _drop.Bind(1, seq).Run();
        }

        tables.Row.Unfolded -= drop.Count;
        return drop.Count;
    }

    private void Apply(Statement row)
    {
        var device = IdOf(row.IsNull(10) ? tables.Device.Value : row.Text(10));
        foreach (var write in MergeRule.Of((OperationKind)row.Long(8), !row.IsNull(7), row.Bytes(7), row.Bytes(9)))
        {
            _write.BindText(1, row.Bytes(5)).BindText(2, row.Bytes(6)).Bind(3, write.IsTombstone ? 0 : 1).BindText(4, write.Register);
            if (write.IsTombstone)
            {
                _write.BindNull(5);
            }
            else
            {
                _write.BindText(5, write.Value);
            }

            _write.Bind(6, row.Long(4)).Bind(7, device).BindBlob(8, row.Bytes(3)).Run();
        }
    }

    private bool HashSome(ReplicaDigest digest, Cursor at)
    {
        _rows.BindText(1, at.Entity).BindText(2, at.EntityId).Bind(3, at.Kind).BindText(4, at.Register).Bind(5, DigestRows);
        var count = 0;
        try
        {
            for (; _rows.Step(); count++)
            {
                at.Move(_rows);
                var (lamport, device) = (_rows.Long(5), _rows.Long(6));
                if (at.Kind == 0)
                {
                    at.Tombstone(lamport, device, _rows.Bytes(7));
                    digest.Add(at.Entity, at.EntityId, ReplicaDigest.Tombstone, default, default, lamport, _deviceNames[device]);
                }
                else if (at.IsAlive(lamport, device, _rows.Bytes(7), _deviceNames))
                {
                    digest.Add(at.Entity, at.EntityId, ReplicaDigest.Register, at.Register, _rows.Bytes(4), lamport, _deviceNames[device]);
                }
            }
        }
        finally
        {
            _rows.Reset();
        }

        return count == DigestRows;
    }

    private long IdOf(string device)
    {
        if (_deviceIds.TryGetValue(device, out var id))
        {
            return id;
        }

        _addDevice.BindText(1, device).Run();
        LoadDevices();
        return _deviceIds[device];
    }

    private void LoadDevices()
    {
        while (_devices.Step())
        {
            _deviceNames[_devices.Long(0)] = Encoding.UTF8.GetBytes(_devices.Text(1));
            _deviceIds[_devices.Text(1)] = _devices.Long(0);
        }

        _devices.Reset();
    }

    /// <summary>Where a digest stands, and the tombstone of the entity it stands in.</summary>
    private sealed class Cursor
    {
        private byte[] _deadOperation = [];
        private long _deadLamport;
        private long _deadDevice;

        public byte[] Entity { get; private set; } = [];

        public byte[] EntityId { get; private set; } = [];

        public long Kind { get; private set; } = -1;

        public byte[] Register { get; private set; } = [];

        public void Move(Statement row)
        {
            if (!row.Bytes(1).SequenceEqual(EntityId) || !row.Bytes(0).SequenceEqual(Entity))
            {
                (Entity, EntityId, _deadLamport) = (
                    row.Bytes(0).SequenceEqual(Entity) ? Entity : row.Bytes(0).ToArray(),
                    row.Bytes(1).ToArray(),
                    -1
                );
            }

            Kind = row.Long(2);
            Register = row.Bytes(3).ToArray();
        }

        public void Tombstone(long lamport, long device, ReadOnlySpan<byte> operation) =>
            (_deadLamport, _deadDevice, _deadOperation) = (lamport, device, operation.ToArray());

        public bool IsAlive(long lamport, long device, ReadOnlySpan<byte> operation, Dictionary<long, byte[]> names)
        {
            if (lamport != _deadLamport)
            {
                return lamport > _deadLamport;
            }

            var byDevice = names[device].AsSpan().SequenceCompareTo(names[_deadDevice]);
            return byDevice != 0 ? byDevice > 0 : operation.SequenceCompareTo(_deadOperation) > 0;
        }
    }
}

/// <summary>One entity as the replica holds it, with later writes laid over.</summary>
internal sealed class ReplicaEntity(string entityId)
{
    private readonly SortedDictionary<string, (string Value, MergeKey Key)> _registers = new(StringComparer.Ordinal);
    private MergeKey? _deleted;

    public string EntityId => entityId;

    public bool IsPending { get; set; }

    public void Apply(bool tombstone, string register, string value, MergeKey key)
    {
        if (tombstone)
        {
            _deleted = _deleted is { } known && known.CompareTo(key) >= 0 ? known : key;
        }
        else if (!_registers.TryGetValue(register, out var held) || held.Key.CompareTo(key) < 0)
        {
            _registers[register] = (value, key);
        }
    }

    public JournalProtocol.EntityView View(string entity)
    {
        var live = _registers.Where(register => _deleted is not { } dead || register.Value.Key.CompareTo(dead) > 0).ToList();
        return new JournalProtocol.EntityView(
            entity,
            entityId,
            _deleted is not null && live.Count == 0,
            live.ToImmutableSortedDictionary(register => register.Key, register => register.Value.Value, StringComparer.Ordinal),
            IsPending
        );
    }
}
