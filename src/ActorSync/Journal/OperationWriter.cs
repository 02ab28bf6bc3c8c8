using System.Text;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Writes accepted operations: stamp and sequence are given here, so commit order is stamp order.</summary>
internal sealed class OperationWriter(JournalTables tables)
{
    private const int StackBytes = 512;

    private readonly Statement _insert = tables.Db.Prepare(
        "INSERT INTO op_journal (seq, operation_id, lamport_ts, entity, entity_id, field, op, payload, lane, schema, created_at, state, blocked_by) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (operation_id) DO NOTHING"
    );

    private readonly Statement _existing = tables.Db.Prepare(
        "SELECT lamport_ts, entity, entity_id, field, op, payload, schema FROM op_journal WHERE operation_id = ?1"
    );

    private bool _usualIsBound;

    /// <summary>Inserts inside the caller's transaction.</summary>
    /// <returns>The stamp, and whether the journal held the id already; a fault when it held it for another operation.</returns>
    public (Accepted Accepted, OperationFault? Fault) Insert(in Intake intake, long nowMilliseconds)
    {
        var operation = intake.Operation;
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        intake.Id.WriteTo(id);
        var maxName = Encoding.UTF8.GetMaxByteCount(operation.Entity.Length);
        var maxId = Encoding.UTF8.GetMaxByteCount(operation.EntityId.Length);
        Span<byte> text = maxName + maxId <= StackBytes ? stackalloc byte[StackBytes] : new byte[maxName + maxId];
        var nameLength = Encoding.UTF8.GetBytes(operation.Entity, text);
        var entity = text[..nameLength];
        var entityId = text.Slice(nameLength, Encoding.UTF8.GetBytes(operation.EntityId, text[nameLength..]));

        ref var row = ref tables.Row;
        var key = EntityKey.Of(entity, entityId);
        OperationId head = default;
        var parked = tables.Aside.Count > 0 && tables.Aside.TryGetHead(key, row.NextSeq, out head);

        _insert
            .Bind(1, row.NextSeq)
            .BindBlob(2, id)
            .Bind(3, row.Lamport + 1)
            .BindText(4, entity)
            .BindText(5, entityId)
            .Bind(7, (long)operation.Kind);
        if (intake.Payload.IsEmpty)
        {
            _insert.BindNull(8);
        }
        else
        {
            _insert.BindText(8, intake.Payload.Span);
        }

        _insert.Bind(9, (long)operation.Lane).Bind(10, operation.Schema).Bind(11, nowMilliseconds);
        BindRare(operation.Field, parked ? head : null);
        _insert.Run();
        if (tables.Db.Changes == 0)
        {
            return Existing(intake)!.Value;
        }

        row.NextSeq++;
        row.Lamport++;
        row.PayloadBytes += intake.Payload.Length;
        if (parked)
        {
            row.Parked++;
        }
        else
        {
            row.AddPending(operation.Lane, 1);
            tables[operation.Lane].Keys.Add(key);
        }

        return (new Accepted(intake.Id, row.Lamport, Duplicate: false), null);
    }

    // A field and a head are rare. What is bound stays bound: the usual nulls are not bound again for each row.
    private void BindRare(string? field, OperationId? head)
    {
        var isRare = head is not null || !string.IsNullOrEmpty(field);
        if (!isRare && _usualIsBound)
        {
            return;
        }

        _usualIsBound = !isRare;
        _insert.BindText(6, string.IsNullOrEmpty(field) ? null : field).Bind(12, (long)(head is null ? RowState.Pending : RowState.Parked));
        if (head is { } behind)
        {
            Span<byte> id = stackalloc byte[OperationId.Bytes];
            behind.WriteTo(id);
            _insert.BindBlob(13, id);
        }
        else
        {
            _insert.BindNull(13);
        }
    }

    /// <summary>A fault when the journal holds this id for another operation.</summary>
    public OperationFault? Conflict(in Intake intake) => Existing(intake)?.Fault;

    public bool IsStored(in Intake intake) => Existing(intake) is not null;

    private (Accepted Accepted, OperationFault? Fault)? Existing(in Intake intake)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        intake.Id.WriteTo(id);
        _existing.BindBlob(1, id);
        try
        {
            if (!_existing.Step())
            {
                return null;
            }

            var operation = intake.Operation;
            var same =
                _existing.Text(1) == operation.Entity
                && _existing.Text(2) == operation.EntityId
                && (_existing.TextOrNull(3) ?? "") == (operation.Field ?? "")
                && _existing.Long(4) == (long)operation.Kind
                && _existing.Bytes(5).SequenceEqual(intake.Payload.Span)
                && _existing.Long(6) == operation.Schema;
            return same
                ? (new Accepted(intake.Id, _existing.Long(0), Duplicate: true), null)
                : (default, new OperationFault("operation_id", $"{intake.Id} names another operation already"));
        }
        finally
        {
            _existing.Reset();
        }
    }
}
