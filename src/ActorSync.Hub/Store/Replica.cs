using System.Collections.Immutable;
using ActorSync.Model;

namespace ActorSync.Hub.Store;

/// <summary>Each account's registers and tombstones, folded from its log behind the pushes (PROTOCOL "Merge").</summary>
internal sealed class Replica(Connection connection, OperationLog log)
{
    // A tombstone sorts before the registers, so the first row of an entity tells all that a write has to know of it.
    private readonly Statement _first = connection.Prepare(
        "SELECT key, lamport_ts, device_id, operation_id FROM replica WHERE key >= ? ORDER BY key LIMIT 1"
    );
    private readonly Statement _put = connection.Prepare(
        """
        INSERT INTO replica (key, value, lamport_ts, device_id, operation_id) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE
        SET value = excluded.value, lamport_ts = excluded.lamport_ts, device_id = excluded.device_id, operation_id = excluded.operation_id
        WHERE (excluded.lamport_ts, excluded.device_id, excluded.operation_id) > (lamport_ts, device_id, operation_id)
        """
    );
    private readonly Statement _bury = connection.Prepare(
        "DELETE FROM replica WHERE key >= ? AND key < ? AND (lamport_ts, device_id, operation_id) <= (?, ?, ?)"
    );
    private readonly Statement _rows = connection.Prepare(
        "SELECT key, value, lamport_ts, device_id, operation_id FROM replica WHERE key > ? AND key < ? ORDER BY key LIMIT ?"
    );
    private readonly ReplicaKey _key = new();
    private readonly ReplicaKey _end = new();

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

    /// <summary>Adds rows to a digest, from behind <paramref name="after"/> on, and moves that. True when none is left.</summary>
    /// <param name="after">Empty at the beginning.</param>
    public bool Digest(AccountState account, ReplicaDigest digest, ReplicaKey after, int most)
    {
        var rows = Rows(account, after, most);
        for (var count = 1; rows.Step(); count++)
        {
            var key = rows.Bytes(0);
            ReplicaKey.Split(key, out var entity, out var entityId, out var kind, out var register);
            digest.Add(entity, entityId, kind, register, rows.Bytes(1), rows.Int64(2), rows.Bytes(3));
            if (count == most)
            {
                after.CopyOf(key);
                rows.Reset();
                return false;
            }
        }

        return true;
    }

    /// <summary>Rows behind a key, in the digest's order: key, value, lamport_ts, device_id, operation_id. Reset it when done before its end.</summary>
    /// <param name="after">Empty at the beginning.</param>
    public Statement Rows(AccountState account, ReplicaKey after, int most)
    {
        if (after.Whole.IsEmpty)
        {
            after.OfAccount(account.Number);
        }

        return _rows.BindText(1, after.Whole).BindText(2, _end.OfAccount(account.Number + 1).Whole).Bind(3, most);
    }

    private void Fold(AccountState account, Statement row, ReadOnlySpan<byte> device)
    {
        var kind = (OperationKind)row.Int32(7);
        if (kind == OperationKind.Noop)
        {
            return;
        }

        var lamport = row.Int64(3);
        var operation = row.Bytes(1);
        _key.OfEntity(account.Number, row.Bytes(4), row.Bytes(5));
        if (IsDead(lamport, device, operation))
        {
            return;
        }

        _put.Bind(3, lamport).BindText(4, device).BindBlob(5, operation);
        foreach (var write in MergeRule.Of(kind, !row.IsNull(6), row.Bytes(6), row.Bytes(8)))
        {
            _key.Of(write.IsTombstone ? ReplicaDigest.Tombstone : ReplicaDigest.Register, write.Register);
            _put.BindText(1, _key.Whole).BindText(2, write.Value).Run();
            if (write.IsTombstone)
            {
                Bury(lamport, device, operation);
            }
        }
    }

    /// <summary>Whether the entity's tombstone stands at or above this key, so that nothing of the operation counts.</summary>
    private bool IsDead(long lamport, ReadOnlySpan<byte> device, ReadOnlySpan<byte> operation)
    {
        if (!_first.BindText(1, _key.Entity).Step())
        {
            return false;
        }

        var key = _first.Bytes(0);
        var dead =
            key.StartsWith(_key.Entity)
            && key[_key.Entity.Length] == ReplicaDigest.Tombstone
            && Order(lamport, device, operation, _first.Int64(1), _first.Bytes(2), _first.Bytes(3)) <= 0;
        _first.Reset();
        return dead;
    }

    private void Bury(long lamport, ReadOnlySpan<byte> device, ReadOnlySpan<byte> operation)
    {
        _bury.BindText(1, _key.Of(ReplicaDigest.Register).Whole).BindText(2, _key.Of(ReplicaDigest.Register + 1).Whole);
        _bury.Bind(3, lamport).BindText(4, device).BindBlob(5, operation).Run();
    }

    // The merge key: stamp, then device id, then operation id, both by their bytes.
    private static int Order(
        long lamport,
        ReadOnlySpan<byte> device,
        ReadOnlySpan<byte> operation,
        long otherLamport,
        ReadOnlySpan<byte> otherDevice,
        ReadOnlySpan<byte> otherOperation
    )
    {
        var order = lamport.CompareTo(otherLamport);
        order = order != 0 ? order : device.SequenceCompareTo(otherDevice);
        return order != 0 ? order : operation.SequenceCompareTo(otherOperation);
    }
}

/// <param name="Cursor">The id up to which the log is in it.</param>
internal sealed record AccountDigest(long Cursor, string Digest, ImmutableSortedDictionary<string, string> Entities);
