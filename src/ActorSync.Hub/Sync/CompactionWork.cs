using ActorSync.Hub.Store;

namespace ActorSync.Hub.Sync;

/// <summary>Compacts account after account, a piece at a time. The result is how many operations it were.</summary>
internal sealed class CompactionWork(HubRetention retention) : ILongWork<long>
{
    private long _account;
    private long _compacted;

    public bool Advance(HubStore store, out long compacted)
    {
        compacted = _compacted;
        if (store.Accounts.NextCompactable(_account) is not { } account)
        {
            return true;
        }

        if (store.Compaction.Compact(account, retention, store.Now, out var piece))
        {
            _account = account.Number;
        }

        _compacted += piece;
        return false;
    }

    public void Dispose() { }
}
