namespace ActorSync.Hub.Store;

/// <summary>
/// Takes the content out of old operations. Identity, stamp, origin and head stay for ever: so a repeated push is still a duplicate, a receipt still
/// counts, and a pair that a client has known since long is still found.
/// </summary>
internal sealed class LogCompaction(Connection connection)
{
    private const int MostRows = 500;
    private const int MostBytes = 4 << 20;
    private readonly Statement _rows = connection.Prepare(
        "SELECT key, entity, entity_id, field, kind, payload, schema, created_at FROM op WHERE key > ? AND key <= ? ORDER BY key LIMIT ?"
    );
    private readonly Statement _empty = connection.Prepare(
        "UPDATE op SET entity = '', entity_id = '', field = NULL, payload = '', content = ? WHERE key = ?"
    );
    private readonly List<(long Key, byte[] Content)> _old = new(MostRows);

    /// <summary>Compacts the next operations of an account. True when nothing is left to.</summary>
    /// <param name="retention">What stays.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="compacted">How many it were.</param>
    public bool Compact(AccountState account, HubRetention retention, long now, out int compacted)
    {
        var bound = retention.Bound(account, now);
        compacted = 0;
        if (bound <= account.CompactedTo)
        {
            return true;
        }

        var (reached, more) = Gather(account, bound, retention.YoungerThan(now));
        foreach (var (key, content) in _old)
        {
            _empty.BindBlob(1, content).Bind(2, key).Run();
        }

        compacted = _old.Count;
        _old.Clear();
        if (reached > account.CompactedTo)
        {
            account.CompactedTo = reached;
            account.Changed = true;
        }

        return !more;
    }

    /// <summary>How far this piece goes, and whether more may follow it.</summary>
    private (long Reached, bool More) Gather(AccountState account, long bound, long young)
    {
        var bytes = 0;
        _rows.Bind(1, account.KeyOf(account.CompactedTo)).Bind(2, account.KeyOf(bound)).Bind(3, MostRows);
        while (_rows.Step())
        {
            var id = OperationLog.IdOf(_rows.Int64(0));
            if (_rows.Int64(7) > young)
            {
                _rows.Reset();
                return (id - 1, false);
            }

            var content = new byte[OpContent.Bytes];
            OpContent.Hash(
                _rows.Bytes(1),
                _rows.Bytes(2),
                !_rows.IsNull(3),
                _rows.Bytes(3),
                _rows.Int64(4),
                _rows.Bytes(5),
                _rows.Int64(6),
                content
            );
            bytes += _rows.Bytes(5).Length;
            _old.Add((_rows.Int64(0), content));
            if (_old.Count == MostRows || bytes >= MostBytes)
            {
                _rows.Reset();
                return (id, true);
            }
        }

        return (bound, false);
    }
}
