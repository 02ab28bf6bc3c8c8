using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>The heads of the keys that are set aside: dead operations, and those that are tried again and not acked yet. What comes after one is parked.</summary>
/// <remarks>
/// A key may have several. What is older than its first head is not behind it and goes its way. A head that is out of the way leaves in steps when much
/// is parked behind it: it stays in its place and moves along with the rows that are free, so that what comes later still stands behind it.
/// </remarks>
internal sealed class AsideKeys
{
    private readonly Dictionary<EntityKey, SortedList<Place, OperationId>> _heads = [];
    private readonly Dictionary<OperationId, (EntityKey Key, Place Place, bool IsLeaving)> _places = [];
    private readonly Queue<OperationId> _leaving = [];

    public AsideKeys(SqliteDb db, in ClockRow row)
    {
        using var dead = db.Prepare("SELECT operation_id, entity, entity_id, seq FROM op_journal WHERE state = 2");
        while (dead.Step())
        {
            Add(EntityKey.Of(dead.Bytes(1), dead.Bytes(2)), dead.Long(3), dead.Id(0));
        }

        // Another head is known by what waits behind it. One look a head, however much is parked.
        using var waitedFor = db.Prepare("SELECT min(blocked_by) FROM op_journal INDEXED BY op_behind WHERE state = 1 AND blocked_by > ?1");
        using var place = db.Prepare("SELECT entity, entity_id, seq, state, lane FROM op_journal WHERE operation_id = ?1");
        using var first = db.Prepare(
            "SELECT entity, entity_id, seq FROM op_journal INDEXED BY op_behind WHERE state = 1 AND blocked_by = ?1 ORDER BY seq LIMIT 1"
        );
        byte[] last = [0];
        while (waitedFor.BindBlob(1, last).Step() && !waitedFor.IsNull(0))
        {
            last = waitedFor.Bytes(0).ToArray();
            waitedFor.Reset();
            var head = OperationId.FromBytes(last);
            if (
                place.BindBlob(1, last).Step()
                && row.Meant((RowState)place.Long(3), (Lane)place.Long(4), place.Long(2)) is RowState.Pending or RowState.Dead
            )
            {
                Add(EntityKey.Of(place.Bytes(0), place.Bytes(1)), place.Long(2), head);
            }
            else if (first.BindBlob(1, last).Step())
            {
                // It is out of the way, and a kill came before all was free.
                Put(EntityKey.Of(first.Bytes(0), first.Bytes(1)), first.Long(2) - 1, head, isLeaving: true);
                _leaving.Enqueue(head);
            }

            place.Reset();
            first.Reset();
        }
    }

    public int Count => _heads.Count;

    /// <summary>A head on its way out, of which the journal may not have freed everything yet.</summary>
    public (OperationId Head, EntityKey Key)? FirstLeaving()
    {
        while (_leaving.TryPeek(out var head))
        {
            if (_places.TryGetValue(head, out var known) && known.IsLeaving)
            {
                return (head, known.Key);
            }

            _leaving.Dequeue();
        }

        return null;
    }

    public void Add(EntityKey key, long seq, OperationId head)
    {
        if (_places.TryGetValue(head, out var known))
        {
            if (!known.IsLeaving)
            {
                return;
            }

            Remove(head);
        }

        Put(key, seq, head, isLeaving: false);
    }

    /// <summary>The first head of the key that is older than the row.</summary>
    public bool TryGetHead(EntityKey key, long seq, out OperationId head)
    {
        if (_heads.TryGetValue(key, out var heads) && heads.GetKeyAtIndex(0).Seq < seq)
        {
            head = heads.GetValueAtIndex(0);
            return true;
        }

        head = default;
        return false;
    }

    /// <summary>The same, beside one that does not count.</summary>
    public bool TryGetOther(EntityKey key, long seq, OperationId beside, out OperationId head)
    {
        if (_heads.TryGetValue(key, out var heads))
        {
            for (var i = 0; i < heads.Count && heads.GetKeyAtIndex(i).Seq < seq; i++)
            {
                head = heads.GetValueAtIndex(i);
                if (head != beside)
                {
                    return true;
                }
            }
        }

        head = default;
        return false;
    }

    /// <summary>It is out of the way: what is parked behind it is to be freed. Nothing when it is no head.</summary>
    public void Leave(OperationId head)
    {
        if (_places.TryGetValue(head, out var known) && !known.IsLeaving)
        {
            Move(head, known.Place.Seq);
            _leaving.Enqueue(head);
        }
    }

    /// <summary>What is at or before the row is free now.</summary>
    public void Move(OperationId head, long seq)
    {
        var key = _places[head].Key;
        Remove(head);
        Put(key, seq, head, isLeaving: true);
    }

    public void Remove(OperationId head)
    {
        if (_places.Remove(head, out var known))
        {
            var heads = _heads[known.Key];
            heads.Remove(known.Place);
            if (heads.Count == 0)
            {
                _heads.Remove(known.Key);
            }
        }
    }

    private void Put(EntityKey key, long seq, OperationId head, bool isLeaving)
    {
        var place = new Place(seq, head);
        if (!_heads.TryGetValue(key, out var heads))
        {
            _heads.Add(key, heads = new SortedList<Place, OperationId>(1));
        }

        heads.Add(place, head);
        _places.Add(head, (key, place, isLeaving));
    }

    /// <remarks>A row that was freed may die in the place that a leaving head has come to.</remarks>
    private readonly record struct Place(long Seq, OperationId Head) : IComparable<Place>
    {
        public int CompareTo(Place other) => (Seq, Head.Value).CompareTo((other.Seq, other.Head.Value));
    }
}
