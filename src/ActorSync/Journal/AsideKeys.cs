using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>The heads of the keys that are set aside: dead operations, and those that are tried again and not acked yet. What comes after one is parked.</summary>
/// <remarks>A key may have several. What is older than its first head is not behind it and goes its way.</remarks>
internal sealed class AsideKeys
{
    private readonly Dictionary<EntityKey, SortedList<long, OperationId>> _heads = [];
    private readonly Dictionary<OperationId, (EntityKey Key, long Seq)> _places = [];

    public AsideKeys(SqliteDb db)
    {
        using var dead = db.Prepare("SELECT operation_id, entity, entity_id, seq FROM op_journal WHERE state = 2");
        while (dead.Step())
        {
            Add(EntityKey.Of(dead.Bytes(1), dead.Bytes(2)), dead.Long(3), dead.Id(0));
        }

        // A head that went back to pending is known by what waits behind it. One look a head, however much is parked.
        using var waitedFor = db.Prepare("SELECT min(blocked_by) FROM op_journal INDEXED BY op_behind WHERE state = 1 AND blocked_by > ?1");
        using var place = db.Prepare("SELECT entity, entity_id, seq FROM op_journal WHERE operation_id = ?1");
        byte[] last = [0];
        while (waitedFor.BindBlob(1, last).Step() && !waitedFor.IsNull(0))
        {
            last = waitedFor.Bytes(0).ToArray();
            waitedFor.Reset();
            if (place.BindBlob(1, last).Step())
            {
                Add(EntityKey.Of(place.Bytes(0), place.Bytes(1)), place.Long(2), OperationId.FromBytes(last));
            }

            place.Reset();
        }
    }

    public int Count => _heads.Count;

    public void Add(EntityKey key, long seq, OperationId head)
    {
        if (_places.TryAdd(head, (key, seq)))
        {
            if (!_heads.TryGetValue(key, out var heads))
            {
                _heads.Add(key, heads = new SortedList<long, OperationId>(1));
            }

            heads.Add(seq, head);
        }
    }

    /// <summary>The first head of the key that is older than the row.</summary>
    public bool TryGetHead(EntityKey key, long seq, out OperationId head)
    {
        if (_heads.TryGetValue(key, out var heads) && heads.GetKeyAtIndex(0) < seq)
        {
            head = heads.GetValueAtIndex(0);
            return true;
        }

        head = default;
        return false;
    }

    /// <summary>False when it is no head.</summary>
    public bool Remove(OperationId head, out EntityKey key)
    {
        if (!_places.Remove(head, out var place))
        {
            key = default;
            return false;
        }

        key = place.Key;
        var heads = _heads[key];
        heads.Remove(place.Seq);
        if (heads.Count == 0)
        {
            _heads.Remove(key);
        }

        return true;
    }

    public void Clear()
    {
        _heads.Clear();
        _places.Clear();
    }
}
