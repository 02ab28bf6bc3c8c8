using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Parks what is met behind a dead operation of its key: rows that were enqueued before it died are found when they are read.</summary>
internal sealed class ParkingReader(JournalTables tables)
{
    private readonly Statement _park = tables.Db.Prepare("UPDATE op_journal SET state = 1, blocked_by = ?2 WHERE seq = ?1");
    private readonly List<(long Seq, Lane Lane, OperationId Head)> _found = [];

    /// <summary>False when nothing older of the key is set aside: the row may go.</summary>
    public bool Takes(long seq, Lane lane, EntityKey key)
    {
        if (!tables.Aside.TryGetHead(key, seq, out var head))
        {
            return false;
        }

        _found.Add((seq, lane, head));
        return true;
    }

    /// <summary>In one transaction, after the reading statement was reset. Gives how many.</summary>
    public int Park()
    {
        var count = _found.Count;
        if (count > 0)
        {
            tables.Write(ParkAll);
            _found.Clear();
        }

        return count;
    }

    private void ParkAll()
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        foreach (var (seq, lane, head) in _found)
        {
            head.WriteTo(id);
            _park.Bind(1, seq).BindBlob(2, id).Run();
            tables.Row.AddPending(lane, -1);
            tables.Row.Parked++;
        }
    }
}
