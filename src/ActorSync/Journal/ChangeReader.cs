using System.Collections.Immutable;
using ActorSync.Changes;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using static ActorSync.Journal.ChangeProtocol;

namespace ActorSync.Journal;

/// <summary>Reads what changed, as it is now.</summary>
internal sealed class ChangeReader(JournalTables tables, ChangeLog log)
{
    /// <summary>Values of one page, unless one entity alone is larger.</summary>
    private const int MostBytes = 1 << 20;

    private readonly Statement _changed = tables.Db.Prepare(
        "SELECT position, entity, entity_id FROM changed WHERE position > ?1 ORDER BY position"
    );

    private readonly Statement _registers = tables.Db.Prepare(
        "SELECT r.kind, r.register, r.value, r.lamport_ts, d.device_id, r.operation_id FROM replica r JOIN device d ON d.id = r.device "
            + "WHERE r.entity = ?1 AND r.entity_id = ?2 ORDER BY r.kind, r.register"
    );

    /// <summary>A page of those behind <paramref name="after"/>; looks at one step's rows at most.</summary>
    public ChangesRead Read(ChangePosition? after, string? entity, int limit)
    {
        var isSnapshot = after is null || !log.Knows(after);
        var at = isSnapshot ? 0 : after!.Value;
        var items = ImmutableArray.CreateBuilder<EntityChanged>();
        var (bytes, looked, hasMore) = (0, 0, false);
        _changed.Bind(1, at);
        try
        {
            while (_changed.Step())
            {
                if (items.Count == limit || bytes >= MostBytes || looked++ == tables.StepRows)
                {
                    hasMore = true;
                    break;
                }

                at = _changed.Long(0);
                if (entity is null || _changed.Text(1) == entity)
                {
                    items.Add(Entity(log.At(at), _changed.Text(1), _changed.Text(2), ref bytes));
                }
            }
        }
        finally
        {
            _changed.Reset();
        }

        return new ChangesRead(items.ToImmutable(), log.At(at), hasMore, isSnapshot);
    }

    public EntityChanged Entity(string entity, string entityId)
    {
        var bytes = 0;
        return Entity(log.At(log.Highest), entity, entityId, ref bytes);
    }

    private EntityChanged Entity(ChangePosition position, string entity, string entityId, ref int bytes)
    {
        var live = ImmutableSortedDictionary.CreateBuilder<string, RegisterValue>(StringComparer.Ordinal);
        MergeKey? dead = null;
        MergeKey? latest = null;
        _registers.BindText(1, entity).BindText(2, entityId);
        try
        {
            while (_registers.Step())
            {
                var key = new MergeKey(_registers.Long(3), new DeviceId(_registers.Text(4)), _registers.Id(5));
                latest = latest is { } known && known.CompareTo(key) > 0 ? known : key;
                if (_registers.Long(0) == 0)
                {
                    dead = key;
                }
                else if (dead is not { } end || key.CompareTo(end) > 0)
                {
                    bytes += _registers.Bytes(2).Length;
                    live[_registers.Text(1)] = new RegisterValue(_registers.TextOrNull(2) ?? "null", key);
                }
            }
        }
        finally
        {
            _registers.Reset();
        }

        return new EntityChanged(position, entity, entityId, live.Count == 0, live.ToImmutable(), latest, latest?.Device == tables.Device);
    }
}
