using ActorSync.Hub.Store;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>Folds an account up to its end, then hashes its replica. Pushes go on between the pieces; nothing folds meanwhile, so the rows stand still.</summary>
internal sealed class DigestWork(long account) : ILongWork<AccountDigest>
{
    private const int FoldPiece = 1_000;
    private const int HashPiece = 10_000;
    private readonly ReplicaKey _after = new();
    private ReplicaDigest? _digest;

    public bool Advance(HubStore store, out AccountDigest? result)
    {
        var state = store.Accounts.ByNumber(account);
        result = null;
        if (_digest is null)
        {
            result = store.DigestOf(state);
            if (result is not null)
            {
                return true;
            }

            if (store.Replica.Fold(state, FoldPiece))
            {
                _digest = new ReplicaDigest();
            }

            return false;
        }

        if (!store.Replica.Digest(state, _digest, _after, HashPiece))
        {
            return false;
        }

        var (digest, entities) = _digest.Finish();
        result = new AccountDigest(state.FoldedId, digest, entities);
        store.Keep(state, result);
        return true;
    }

    public void Dispose() => _digest?.Dispose();
}
