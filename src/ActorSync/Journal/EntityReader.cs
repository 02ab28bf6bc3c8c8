using System.Collections.Immutable;
using System.Text;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Entities as the app sees them: what is in the queue laid over the replica, without what is dead: refused, it is not so any more.</summary>
/// <remarks>
/// The queue first, in steps, then the replica at once: an operation that is folded meanwhile is found in the one or the other, and twice does no harm.
/// </remarks>
internal sealed class EntityReader(JournalTables tables, Replica replica)
{
    private readonly Statement _queued = tables.Db.Prepare(
        "SELECT seq, operation_id, lamport_ts, entity, entity_id, field, op, payload, origin, state, lane FROM op_journal WHERE seq > ?1 ORDER BY seq"
    );

    public IEnumerable<JournalStep> Read(GetEntities query, Action<Entities> done)
    {
        var entities = new SortedDictionary<string, ReplicaEntity>(Comparer<string>.Create(Utf8Order.Compare));
        if (query.Limit > 0)
        {
            long from = 0;
            while (LayQueued(query, entities, ref from))
            {
                Shorten(entities, query.Limit);
                yield return JournalStep.More;
            }

            replica.Read(query.Entity, query.EntityId, query.AfterId, query.Limit, id => Find(entities, id));
        }

        done(new Entities([.. entities.Values.Take(Math.Max(query.Limit, 0)).Select(entity => entity.View(query.Entity))]));
    }

    private bool LayQueued(GetEntities query, SortedDictionary<string, ReplicaEntity> entities, ref long from)
    {
        var name = Encoding.UTF8.GetBytes(query.Entity);
        _queued.Bind(1, from);
        try
        {
            for (var looked = 0; looked < tables.StepRows; looked++)
            {
                if (!_queued.Step())
                {
                    return false;
                }

                from = _queued.Long(0);
                var state = tables.Row.Meant((RowState)_queued.Long(9), (Lane)_queued.Long(10), from);
                if (state != RowState.Dead && _queued.Bytes(3).SequenceEqual(name) && Wanted(query, _queued.Text(4)) is { } id)
                {
                    Lay(Find(entities, id), state);
                }
            }

            return true;
        }
        finally
        {
            _queued.Reset();
        }
    }

    private static string? Wanted(GetEntities query, string id)
    {
        var isOne = query.EntityId is null || query.EntityId == id;
        return isOne && (query.AfterId is null || Utf8Order.Compare(id, query.AfterId) > 0) ? id : null;
    }

    private static ReplicaEntity Find(SortedDictionary<string, ReplicaEntity> entities, string id)
    {
        if (!entities.TryGetValue(id, out var entity))
        {
            entities.Add(id, entity = new ReplicaEntity(id));
        }

        return entity;
    }

    // More than the page holds cannot be in it: a deep queue of new entities costs no memory.
    private void Shorten(SortedDictionary<string, ReplicaEntity> entities, int limit)
    {
        if (entities.Count - limit > tables.StepRows)
        {
            foreach (var id in entities.Keys.Skip(limit).ToArray())
            {
                entities.Remove(id);
            }
        }
    }

    private void Lay(ReplicaEntity entity, RowState state)
    {
        entity.IsPending |= state != RowState.Acked;
        var device = new DeviceId(_queued.TextOrNull(8) ?? tables.Device.Value);
        var key = new MergeKey(_queued.Long(2), device, _queued.Id(1));
        foreach (var write in MergeRule.Of((OperationKind)_queued.Long(6), !_queued.IsNull(5), _queued.Bytes(5), _queued.Bytes(7)))
        {
            entity.Apply(write.IsTombstone, Encoding.UTF8.GetString(write.Register), Encoding.UTF8.GetString(write.Value), key);
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
