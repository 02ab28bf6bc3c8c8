using ActorSync.Hub.Sync;
using ActorSync.Model;

namespace ActorSync.Hub.Store;

/// <summary>The accounts' logs: what was accepted, in commit order, each row with its link of the head chain.</summary>
internal sealed class OperationLog(Connection connection)
{
    /// <summary>Of a key, for the id; the account's number stands above them.</summary>
    public const int IdBits = 40;

    public const string PageColumns =
        "key, operation_id, device, lamport_ts, entity, entity_id, field, kind, payload, lane, schema, created_at, head";

    private readonly Statement _insert = connection.Prepare(
        """
        INSERT INTO op (key, account, operation_id, device, lamport_ts, entity, entity_id, field, kind, payload, lane, schema, created_at, head)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        ON CONFLICT (account, operation_id) DO NOTHING
        """
    );
    private readonly Statement _find = connection.Prepare(
        "SELECT key, device, lamport_ts, entity, entity_id, field, kind, payload, schema, content FROM op WHERE account = ? AND operation_id = ?"
    );
    private readonly Statement _head = connection.Prepare(
        "SELECT head FROM op WHERE key = ?1 UNION ALL SELECT head FROM moved WHERE key = ?1 LIMIT 1"
    );
    private readonly Statement _remember = connection.Prepare(
        "INSERT INTO moved (key, operation_id, lamport_ts, head) SELECT key, operation_id, lamport_ts, head FROM op WHERE key = ?"
    );
    private readonly Statement _move = connection.Prepare(
        """
        UPDATE op
        SET key = ?1, lamport_ts = ?2, head = ?3, created_at = ?4, entity = ?5, entity_id = ?6, field = ?7, payload = ?8, content = NULL
        WHERE key = ?9
        """
    );
    private readonly Statement _page = connection.Prepare($"SELECT {PageColumns} FROM op WHERE key > ? AND key <= ? ORDER BY key LIMIT ?");

    /// <summary>Appends an operation unless its id is known, in which case nothing changes.</summary>
    /// <returns>The new id, or 0.</returns>
    public long Append(AccountState account, DeviceState origin, in PushedOp op, long now)
    {
        Span<byte> identity = stackalloc byte[OperationId.Bytes];
        Span<byte> head = stackalloc byte[HeadChain.Bytes];
        op.Id.WriteTo(identity);
        var id = account.LastId + 1;
        HeadChain.Next(account.Head, id, identity, op.Lamport, head);
        _insert
            .Bind(1, account.KeyOf(id))
            .Bind(2, account.Number)
            .BindBlob(3, identity)
            .Bind(4, origin.Number)
            .Bind(5, op.Lamport)
            .BindText(6, op.Entity.Span)
            .BindText(7, op.EntityId.Span);
        (op.HasField ? _insert.BindText(8, op.Field.Span) : _insert.BindNull(8))
            .Bind(9, (long)op.Kind)
            .BindText(10, op.Payload.Span)
            .Bind(11, (long)op.Lane)
            .Bind(12, op.Schema)
            .Bind(13, now)
            .BindBlob(14, head)
            .Run();
        if (connection.Changes == 0)
        {
            return 0;
        }

        Advance(account, origin, id, op.Lamport, head);
        origin.Operations++;
        return id;
    }

    /// <summary>Gives a known operation a higher stamp: its row goes to the end of the log under a new id, whole again if it was compacted.</summary>
    public long Raise(AccountState account, DeviceState origin, in PushedOp op, long known, long now)
    {
        Span<byte> identity = stackalloc byte[OperationId.Bytes];
        Span<byte> head = stackalloc byte[HeadChain.Bytes];
        op.Id.WriteTo(identity);
        var id = account.LastId + 1;
        HeadChain.Next(account.Head, id, identity, op.Lamport, head);
        _remember.Bind(1, account.KeyOf(known)).Run();
        _move.Bind(1, account.KeyOf(id)).Bind(2, op.Lamport).BindBlob(3, head).Bind(4, now);
        _move.BindText(5, op.Entity.Span).BindText(6, op.EntityId.Span);
        (op.HasField ? _move.BindText(7, op.Field.Span) : _move.BindNull(7)).BindText(8, op.Payload.Span);
        _move.Bind(9, account.KeyOf(known)).Run();
        Advance(account, origin, id, op.Lamport, head);
        return id;
    }

    public StoredOp? Find(AccountState account, OperationId operation)
    {
        Span<byte> identity = stackalloc byte[OperationId.Bytes];
        operation.WriteTo(identity);
        if (!_find.Bind(1, account.Number).BindBlob(2, identity).Step())
        {
            return null;
        }

        var found = new StoredOp(IdOf(_find.Int64(0)), _find.Int64(1), _find.Int64(2));
        _find.Reset();
        return found;
    }

    /// <summary>As <see cref="Find"/>, and whether the content is the same: all but stamp and lane (PROTOCOL "Identity").</summary>
    public (StoredOp Op, bool SameContent)? FindAndCompare(AccountState account, DeviceState? origin, in PushedOp op)
    {
        Span<byte> identity = stackalloc byte[OperationId.Bytes];
        op.Id.WriteTo(identity);
        if (!_find.Bind(1, account.Number).BindBlob(2, identity).Step())
        {
            return null;
        }

        var same = origin is not null && _find.Int64(1) == origin.Number && SameContent(op);
        var found = new StoredOp(IdOf(_find.Int64(0)), _find.Int64(1), _find.Int64(2));
        _find.Reset();
        return (found, same);
    }

    /// <summary>Whether the account's history has this pair.</summary>
    public bool Has(AccountState account, long id, ReadOnlySpan<byte> head)
    {
        if (id < 0 || id > account.LastId)
        {
            return false;
        }

        Span<byte> known = stackalloc byte[HeadChain.Bytes];
        return TryHead(account, id, known) && known.SequenceEqual(head);
    }

    /// <summary>The head at an id that the account has had.</summary>
    public bool TryHead(AccountState account, long id, Span<byte> head)
    {
        if (id == account.LastId)
        {
            account.Head.CopyTo(head);
            return true;
        }

        if (id == 0)
        {
            HeadChain.Genesis.CopyTo(head);
            return true;
        }

        var there = _head.Bind(1, account.KeyOf(id)).Step();
        if (there)
        {
            _head.Bytes(0).CopyTo(head);
            _head.Reset();
        }

        return there;
    }

    /// <summary>Rows behind an id, ascending, columns as in <see cref="PageColumns"/>. Reset it when done before its end.</summary>
    public Statement Page(AccountState account, long since, int limit) =>
        _page.Bind(1, account.KeyOf(since)).Bind(2, account.KeyOf(account.LastId)).Bind(3, limit);

    public static long IdOf(long key) => key & ((1L << IdBits) - 1);

    private bool SameContent(in PushedOp op)
    {
        if (!_find.IsNull(9))
        {
            Span<byte> content = stackalloc byte[OpContent.Bytes];
            OpContent.Hash(op, content);
            return _find.Bytes(9).SequenceEqual(content);
        }

        return _find.Bytes(3).SequenceEqual(op.Entity.Span)
            && _find.Bytes(4).SequenceEqual(op.EntityId.Span)
            && _find.IsNull(5) != op.HasField
            && _find.Bytes(5).SequenceEqual(op.Field.Span)
            && _find.Int64(6) == (long)op.Kind
            && _find.Bytes(7).SequenceEqual(op.Payload.Span)
            && _find.Int64(8) == op.Schema;
    }

    private static void Advance(AccountState account, DeviceState origin, long id, long lamport, ReadOnlySpan<byte> head)
    {
        account.LastId = id;
        head.CopyTo(account.Head);
        account.MaxLamport = Math.Max(account.MaxLamport, lamport);
        account.Changed = true;
        origin.HighestLamport = Math.Max(origin.HighestLamport, lamport);
        origin.Changed = true;
    }
}

/// <param name="Id">The account's sequence.</param>
/// <param name="Device">The origin's number.</param>
internal readonly record struct StoredOp(long Id, long Device, long Lamport);
