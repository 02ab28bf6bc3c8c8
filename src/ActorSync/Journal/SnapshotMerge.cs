using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>Goes through the hub's replica and ours side by side, both in the digest's order: takes what the hub has, notes what it lacks.</summary>
/// <remarks>One part of the rows in one transaction; where ours has many rows between two of the hub's, in steps. A cut is begun anew, what was merged stays.</remarks>
internal sealed class SnapshotMerge(JournalTables tables, Replica replica, Relay relay)
{
    private readonly Statement _ours = tables.Db.Prepare(
        "SELECT entity, entity_id, kind, register, value, lamport_ts, device, operation_id FROM replica "
            + "WHERE (entity, entity_id, kind, register) > (?1, ?2, ?3, ?4) ORDER BY entity, entity_id, kind, register LIMIT ?5"
    );

    private RowKey _at = RowKey.Start;
    private (byte[] Entity, byte[] EntityId)? _deadEntity;
    private Key _dead;

    public void Begin()
    {
        (_at, _deadEntity) = (RowKey.Start, null);
    }

    public IEnumerable<JournalStep> Merge(IReadOnlyList<SnapshotRow> rows, SnapshotPoint? end, PullCursor cursor)
    {
        var (theirs, more) = (0, true);
        while (more)
        {
            tables.Write(() => more = Compare(rows, ref theirs, isLast: end is not null));
            yield return JournalStep.More;
        }

        tables.Write(() => Take(rows, end, cursor));
    }

    private void Take(IReadOnlyList<SnapshotRow> rows, SnapshotPoint? end, PullCursor cursor)
    {
        ref var clock = ref tables.Row;
        foreach (var row in rows)
        {
            clock.Lamport = Math.Max(clock.Lamport, row.Lamport);
            replica.Apply(row);
        }

        if (end is not null)
        {
            clock.Lamport = Math.Max(clock.Lamport, Math.Min(end.Clock, OperationRules.MaxLamport));
            cursor.Compared(end);
        }
    }

    /// <summary>Looks at our next rows, as far as theirs reach. True when there are more of ours than one step looks at.</summary>
    private bool Compare(IReadOnlyList<SnapshotRow> rows, ref int theirs, bool isLast)
    {
        _ours.BindText(1, _at.Entity).BindText(2, _at.EntityId).Bind(3, _at.Kind).BindText(4, _at.Register).Bind(5, tables.StepRows);
        var looked = 0;
        try
        {
            while (_ours.Step())
            {
                var ours = new RowKey(_ours.Bytes(0).ToArray(), _ours.Bytes(1).ToArray(), _ours.Long(2), _ours.Bytes(3).ToArray());
                while (theirs < rows.Count && RowKey.Of(rows[theirs]).Against(ours) < 0)
                {
                    Pass(rows[theirs++]);
                }

                if (theirs == rows.Count && !isLast)
                {
                    break;
                }

                looked++;
                _at = ours;
                var their = theirs < rows.Count && RowKey.Of(rows[theirs]).Against(ours) == 0 ? rows[theirs] : null;
                Judge(ours, their);
                if (their is not null)
                {
                    Pass(their);
                    theirs++;
                }
            }
        }
        finally
        {
            _ours.Reset();
        }

        if (looked == tables.StepRows)
        {
            return true;
        }

        for (; theirs < rows.Count; theirs++)
        {
            Pass(rows[theirs]);
        }

        // What is taken from this part is ours from now on, and is not to be looked for in the next.
        if (rows.Count > 0 && RowKey.Of(rows[^1]) is var last && last.Against(_at) > 0)
        {
            _at = last;
        }

        return false;
    }

    private void Judge(in RowKey ours, SnapshotRow? theirs)
    {
        var key = new Key(_ours.Long(5), replica.NameOf(_ours.Long(6)), _ours.Bytes(7).ToArray());
        var isTombstone = ours.Kind == 0;
        if (!isTombstone && IsOfDead(ours) && key.Against(_dead) <= 0)
        {
            return;
        }

        var lacks = theirs is null || IsNewer(key, theirs);
        if (lacks)
        {
            relay.Note(ours.Entity, ours.EntityId, ours.Kind, ours.Register);
        }

        if (isTombstone)
        {
            Die(ours.Entity, ours.EntityId, key);
        }
    }

    // The same write under another id (that of its repair) is the same write.
    private bool IsNewer(in Key ours, SnapshotRow theirs)
    {
        var held = KeyOf(theirs);
        return ours.Against(held) > 0 && !(ours.IsSameWrite(held) && _ours.Bytes(4).SequenceEqual(theirs.Value.Span));
    }

    private void Pass(SnapshotRow theirs)
    {
        if (theirs.IsTombstone)
        {
            Die(theirs.Entity, theirs.EntityId, KeyOf(theirs));
        }
    }

    private void Die(byte[] entity, byte[] entityId, in Key key)
    {
        if (_deadEntity is not var (name, id) || !name.AsSpan().SequenceEqual(entity) || !id.AsSpan().SequenceEqual(entityId))
        {
            (_deadEntity, _dead) = ((entity, entityId), key);
        }
        else if (key.Against(_dead) > 0)
        {
            _dead = key;
        }
    }

    private bool IsOfDead(in RowKey row) =>
        _deadEntity is var (name, id) && name.AsSpan().SequenceEqual(row.Entity) && id.AsSpan().SequenceEqual(row.EntityId);

    private static Key KeyOf(SnapshotRow row)
    {
        var operation = new byte[OperationId.Bytes];
        row.Operation.WriteTo(operation);
        return new Key(row.Lamport, System.Text.Encoding.UTF8.GetBytes(row.Device.Value), operation);
    }

    /// <summary>WIRE rule b.</summary>
    private readonly record struct Key(long Lamport, byte[] Device, byte[] Operation)
    {
        public bool IsSameWrite(in Key other) => Lamport == other.Lamport && Device.AsSpan().SequenceEqual(other.Device);

        public int Against(in Key other)
        {
            var order = Lamport.CompareTo(other.Lamport);
            order = order != 0 ? order : Device.AsSpan().SequenceCompareTo(other.Device);
            return order != 0 ? order : Operation.AsSpan().SequenceCompareTo(other.Operation);
        }
    }

    /// <summary>The primary key of the replica.</summary>
    private readonly record struct RowKey(byte[] Entity, byte[] EntityId, long Kind, byte[] Register)
    {
        public static readonly RowKey Start = new([], [], -1, []);

        public static RowKey Of(SnapshotRow row) => new(row.Entity, row.EntityId, row.IsTombstone ? 0 : 1, row.Register);

        public int Against(in RowKey other)
        {
            var order = Entity.AsSpan().SequenceCompareTo(other.Entity);
            order = order != 0 ? order : EntityId.AsSpan().SequenceCompareTo(other.EntityId);
            order = order != 0 ? order : Kind.CompareTo(other.Kind);
            return order != 0 ? order : Register.AsSpan().SequenceCompareTo(other.Register);
        }
    }
}
