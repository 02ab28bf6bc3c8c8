using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Looks, before a write of a replica with several writers, at what it overwrites or loses to.</summary>
/// <remarks>
/// A conflict is a value of one device that another device's value, or deletion, stands in the place of. Which of them came first in time nobody can
/// say, so each is kept.
/// </remarks>
internal sealed class OverwriteWatch(SqliteDb db, Conflicts conflicts)
{
    private readonly Statement _held = db.Prepare(
        "SELECT r.value, r.lamport_ts, d.device_id, r.operation_id FROM replica r JOIN device d ON d.id = r.device "
            + "WHERE r.entity = ?1 AND r.entity_id = ?2 AND r.kind = ?3 AND r.register = ?4"
    );

    private readonly Statement _registers = db.Prepare(
        "SELECT r.value, r.lamport_ts, d.device_id, r.operation_id, r.register FROM replica r JOIN device d ON d.id = r.device "
            + "WHERE r.entity = ?1 AND r.entity_id = ?2 AND r.kind = 1"
    );

    public void Before(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        in RegisterWrite write,
        long lamport,
        ReadOnlySpan<byte> device,
        ReadOnlySpan<byte> operation
    )
    {
        var coming = new Conflicts.Write
        {
            IsTombstone = write.IsTombstone,
            Value = write.Value,
            Lamport = lamport,
            Device = device,
            Operation = operation,
        };
        _held.BindText(1, entity).BindText(2, entityId).Bind(3, 0).BindText(4, default(ReadOnlySpan<byte>));
        var isDeleted = _held.Step();
        var deleted = isDeleted ? Read(_held, isTombstone: true) : default;
        if (write.IsTombstone)
        {
            if (!isDeleted || coming.Against(deleted) > 0)
            {
                Delete(entity, entityId, coming, deleted, isDeleted);
            }
        }
        else if (isDeleted && coming.Against(deleted) <= 0)
        {
            Note(entity, entityId, write.Register, deleted, coming);
        }
        else
        {
            _held.Reset();
            _held.Bind(3, 1).BindText(4, write.Register);
            if (_held.Step() && !_held.Bytes(0).SequenceEqual(write.Value))
            {
                var held = Read(_held, isTombstone: false);
                if (coming.Against(held) > 0)
                {
                    Note(entity, entityId, write.Register, coming, held);
                }
                else
                {
                    Note(entity, entityId, write.Register, held, coming);
                }
            }
        }

        _held.Reset();
    }

    private void Delete(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        in Conflicts.Write coming,
        in Conflicts.Write before,
        bool wasDeleted
    )
    {
        _registers.BindText(1, entity).BindText(2, entityId);
        while (_registers.Step())
        {
            var held = Read(_registers, isTombstone: false);
            if (coming.Against(held) > 0 && (!wasDeleted || held.Against(before) > 0))
            {
                Note(entity, entityId, _registers.Bytes(4), coming, held);
            }
        }

        _registers.Reset();
    }

    private void Note(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        ReadOnlySpan<byte> register,
        in Conflicts.Write won,
        in Conflicts.Write lost
    )
    {
        if (!won.Device.SequenceEqual(lost.Device))
        {
            conflicts.Add(entity, entityId, register, won, lost);
        }
    }

    private static Conflicts.Write Read(Statement row, bool isTombstone) =>
        new()
        {
            IsTombstone = isTombstone,
            Value = row.Bytes(0),
            Lamport = row.Long(1),
            Device = row.Bytes(2),
            Operation = row.Bytes(3),
        };
}
