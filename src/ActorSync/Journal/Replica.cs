using System.Collections.Immutable;
using System.Text;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>The merged replica (PROTOCOL "Merge").</summary>
internal sealed class Replica(JournalTables tables, Conflicts conflicts, ChangeLog changes)
{
    /// <summary>What <see cref="Apply(Statement)"/> takes, in this order.</summary>
    public const string OperationColumns = "seq, operation_id, lamport_ts, entity, entity_id, field, op, payload, origin";

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
    private readonly OverwriteWatch _watch = new(tables.Db, conflicts);
    private readonly Dictionary<long, byte[]> _deviceNames = [];
    private readonly Dictionary<string, long> _deviceIds = new(StringComparer.Ordinal);

    /// <summary>Once, before the first write.</summary>
    public void Load() => LoadDevices();

    /// <summary>Hashes the replica in steps. Nothing may be folded until the last of them.</summary>
    public IEnumerable<JournalStep> Digest(Action<string, ImmutableSortedDictionary<string, string>> done)
    {
        using var digest = new ReplicaDigest();
        LoadDevices();
        var at = new Cursor(NameOf);
        while (HashSome(digest, at))
        {
            yield return JournalStep.More;
        }

        var (whole, entities) = digest.Finish();
        done(whole, entities);
    }

    /// <summary>Merges an operation of the queue in, inside the caller's transaction.</summary>
    public void Apply(Statement row)
    {
        var device = IdOf(row.IsNull(8) ? tables.Device.Value : row.Text(8));
        foreach (var write in MergeRule.Of((OperationKind)row.Long(6), !row.IsNull(5), row.Bytes(5), row.Bytes(7)))
        {
            Put(row.Bytes(3), row.Bytes(4), write, row.Long(2), device, row.Bytes(1));
        }
    }

    /// <summary>Merges an operation of the hub's log in, inside the caller's transaction.</summary>
    public void Apply(RemoteOp op)
    {
        var device = IdOf(op.Device.Value);
        var (entity, entityId) = (Encoding.UTF8.GetBytes(op.Entity), Encoding.UTF8.GetBytes(op.EntityId));
        var field = op.Field is { } name ? Encoding.UTF8.GetBytes(name) : [];
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        op.OperationId.WriteTo(id);
        foreach (var write in MergeRule.Of(op.Kind, op.Field is not null, field, op.Payload.Span))
        {
            Put(entity, entityId, write, op.Lamport, device, id);
        }
    }

    /// <summary>Merges a row of the hub's replica in, inside the caller's transaction.</summary>
    public void Apply(SnapshotRow row)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        row.Operation.WriteTo(id);
        var write = row.IsTombstone ? RegisterWrite.Tombstone : RegisterWrite.Of(row.Register, row.Value.Span);
        Put(row.Entity, row.EntityId, write, row.Lamport, IdOf(row.Device.Value), id);
    }

    private void Put(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        in RegisterWrite write,
        long lamport,
        long device,
        ReadOnlySpan<byte> operation
    )
    {
        // With one writer nothing of another is overwritten.
        if (_deviceIds.Count > 1)
        {
            _watch.Before(entity, entityId, write, lamport, NameOf(device), operation);
        }

        _write.BindText(1, entity).BindText(2, entityId).Bind(3, write.IsTombstone ? 0 : 1).BindText(4, write.Register);
        if (write.IsTombstone)
        {
            _write.BindNull(5);
        }
        else
        {
            _write.BindText(5, write.Value);
        }

        _write.Bind(6, lamport).Bind(7, device).BindBlob(8, operation).Run();
        if (changes.IsOn && tables.Db.Changes > 0)
        {
            changes.Record(entity, entityId);
        }
    }

    /// <summary>The first entities of a name, in order of id: each register and tombstone is given to <paramref name="found"/>.</summary>
    public void Read(string entity, string? entityId, string? afterId, int limit, Func<string, ReplicaEntity> found)
    {
        using var rows = tables.Db.Prepare(
            "SELECT r.entity_id, r.kind, r.register, r.value, r.lamport_ts, d.device_id, r.operation_id FROM replica r JOIN device d ON d.id = r.device "
                + "WHERE r.entity = ?1 AND (?2 IS NULL OR r.entity_id = ?2) AND (?3 IS NULL OR r.entity_id > ?3) ORDER BY r.entity_id, r.kind, r.register"
        );
        rows.BindText(1, entity).BindText(2, entityId).BindText(3, afterId);
        ReplicaEntity? at = null;
        for (var count = 0; rows.Step(); )
        {
            var id = rows.Text(0);
            if (at is null || at.EntityId != id)
            {
                if (count++ == limit)
                {
                    break;
                }

                at = found(id);
            }

            var key = new MergeKey(rows.Long(4), new DeviceId(rows.Text(5)), rows.Id(6));
            at.Apply(rows.Long(1) == 0, rows.Text(2), rows.TextOrNull(3) ?? "null", key);
        }
    }

    private bool HashSome(ReplicaDigest digest, Cursor at)
    {
        _rows.BindText(1, at.Entity).BindText(2, at.EntityId).Bind(3, at.Kind).BindText(4, at.Register).Bind(5, tables.StepRows);
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
                    digest.Add(at.Entity, at.EntityId, ReplicaDigest.Tombstone, default, default, lamport, NameOf(device));
                }
                else if (at.IsAlive(lamport, device, _rows.Bytes(7)))
                {
                    digest.Add(at.Entity, at.EntityId, ReplicaDigest.Register, at.Register, _rows.Bytes(4), lamport, NameOf(device));
                }
            }
        }
        catch (InvalidOperationException outOfOrder)
        {
            throw JournalTables.Contradiction(outOfOrder.Message);
        }
        finally
        {
            _rows.Reset();
        }

        return count == tables.StepRows;
    }

    /// <summary>A stored device's name in UTF-8.</summary>
    public byte[] NameOf(long device) =>
        _deviceNames.GetValueOrDefault(device)
        ?? throw JournalTables.Contradiction($"a row of the replica is of device {device}, which is not there");

    private long IdOf(string device)
    {
        if (_deviceIds.TryGetValue(device, out var id))
        {
            return id;
        }

        _addDevice.BindText(1, device).Run();
        LoadDevices();
        return _deviceIds.TryGetValue(device, out id) ? id : throw JournalTables.Contradiction($"device {device} is stored and not found");
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
    private sealed class Cursor(Func<long, byte[]> nameOf)
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

        public bool IsAlive(long lamport, long device, ReadOnlySpan<byte> operation)
        {
            if (lamport != _deadLamport)
            {
                return lamport > _deadLamport;
            }

            var byDevice = nameOf(device).AsSpan().SequenceCompareTo(nameOf(_deadDevice));
            return byDevice != 0 ? byDevice > 0 : operation.SequenceCompareTo(_deadOperation) > 0;
        }
    }
}
