using System.Collections.Immutable;
using ActorSync.Model;

namespace ActorSync.Hub.Store;

/// <summary>Each account's registers and tombstones, folded from its log behind the pushes (PROTOCOL "Merge").</summary>
internal sealed class Replica(Connection connection, OperationLog log)
{
    private readonly Statement _put = connection.Prepare(
        """
        INSERT INTO replica (account, entity, entity_id, kind, register, value, lamport_ts, device_id, operation_id)
        SELECT ?1, ?2, ?3, 'R', ?7, ?8, ?4, ?5, ?6
        WHERE NOT EXISTS (
            SELECT 1 FROM replica
            WHERE account = ?1 AND entity = ?2 AND entity_id = ?3 AND kind = 'D' AND register = ''
              AND (lamport_ts, device_id, operation_id) >= (?4, ?5, ?6))
        ON CONFLICT (account, entity, entity_id, kind, register) DO UPDATE
        SET value = excluded.value, lamport_ts = excluded.lamport_ts, device_id = excluded.device_id, operation_id = excluded.operation_id
        WHERE (excluded.lamport_ts, excluded.device_id, excluded.operation_id) > (lamport_ts, device_id, operation_id)
        """
    );
    private readonly Statement _delete = connection.Prepare(
        """
        INSERT INTO replica (account, entity, entity_id, kind, register, value, lamport_ts, device_id, operation_id)
        VALUES (?1, ?2, ?3, 'D', '', '', ?4, ?5, ?6)
        ON CONFLICT (account, entity, entity_id, kind, register) DO UPDATE
        SET lamport_ts = excluded.lamport_ts, device_id = excluded.device_id, operation_id = excluded.operation_id
        WHERE (excluded.lamport_ts, excluded.device_id, excluded.operation_id) > (lamport_ts, device_id, operation_id)
        """
    );
    private readonly Statement _bury = connection.Prepare(
        """
        DELETE FROM replica
        WHERE account = ?1 AND entity = ?2 AND entity_id = ?3 AND kind = 'R' AND (lamport_ts, device_id, operation_id) <= (?4, ?5, ?6)
        """
    );
    private readonly Statement _rows = connection.Prepare(
        """
        SELECT entity, entity_id, kind, register, value, lamport_ts, device_id FROM replica
        WHERE account = ?1 AND (entity, entity_id, kind, register) > (?2, ?3, ?4, ?5)
        ORDER BY entity, entity_id, kind, register LIMIT ?6
        """
    );

    /// <summary>Folds the next operations of an account. True when none is left.</summary>
    public bool Fold(AccountState account, int most)
    {
        var devices = account.Devices.ToDictionary(d => d.Number, d => d.Utf8Id);
        var rows = log.Page(account, account.FoldedId, most);
        var last = account.FoldedId;
        var count = 0;
        while (rows.Step())
        {
            last = OperationLog.IdOf(rows.Int64(0));
            count++;
            Fold(account, rows, devices[rows.Int64(2)]);
        }

        if (count > 0)
        {
            account.FoldedId = last;
            account.Changed = true;
        }

        return count < most;
    }

    /// <summary>Adds rows to a digest, from behind <paramref name="after"/> on. True when none is left.</summary>
    public bool Digest(AccountState account, ReplicaDigest digest, ReplicaPosition after, int most)
    {
        _rows
            .Bind(1, account.Number)
            .BindText(2, after.Entity)
            .BindText(3, after.EntityId)
            .BindText(4, after.Kind)
            .BindText(5, after.Register)
            .Bind(6, most);
        for (var count = 1; _rows.Step(); count++)
        {
            digest.Add(_rows.Bytes(0), _rows.Bytes(1), _rows.Bytes(2)[0], _rows.Bytes(3), _rows.Bytes(4), _rows.Int64(5), _rows.Bytes(6));
            if (count == most)
            {
                after.Set(_rows.Bytes(0), _rows.Bytes(1), _rows.Bytes(2), _rows.Bytes(3));
                _rows.Reset();
                return false;
            }
        }

        return true;
    }

    private void Fold(AccountState account, Statement row, ReadOnlySpan<byte> device)
    {
        var bound = false;
        foreach (var write in MergeRule.Of((OperationKind)row.Int32(7), !row.IsNull(6), row.Bytes(6), row.Bytes(8)))
        {
            if (write.IsTombstone)
            {
                BindKey(_delete, account, row, device);
                _delete.Run();
                if (connection.Changes > 0)
                {
                    BindKey(_bury, account, row, device);
                    _bury.Run();
                }

                continue;
            }

            if (!bound)
            {
                BindKey(_put, account, row, device);
                bound = true;
            }

            _put.BindText(7, write.Register).BindText(8, write.Value).Run();
        }
    }

    private static void BindKey(Statement statement, AccountState account, Statement row, ReadOnlySpan<byte> device) =>
        statement
            .Bind(1, account.Number)
            .BindText(2, row.Bytes(4))
            .BindText(3, row.Bytes(5))
            .Bind(4, row.Int64(3))
            .BindText(5, device)
            .BindBlob(6, row.Bytes(1));
}

/// <summary>The last row of a replica that was read.</summary>
internal sealed class ReplicaPosition
{
    public byte[] Entity { get; private set; } = [];

    public byte[] EntityId { get; private set; } = [];

    public byte[] Kind { get; private set; } = [];

    public byte[] Register { get; private set; } = [];

    public void Set(ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> register) =>
        (Entity, EntityId, Kind, Register) = (entity.ToArray(), entityId.ToArray(), kind.ToArray(), register.ToArray());
}

/// <param name="Cursor">The id up to which the log is in it.</param>
internal sealed record AccountDigest(long Cursor, string Digest, ImmutableSortedDictionary<string, string> Entities);
