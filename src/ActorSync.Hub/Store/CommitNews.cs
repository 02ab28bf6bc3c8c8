namespace ActorSync.Hub.Store;

/// <summary>Where an account's log ends.</summary>
/// <param name="Account">The account's number.</param>
/// <param name="Head">32 bytes that nobody changes any more.</param>
internal sealed record LogEnd(long Account, long LastId, byte[] Head);

/// <summary>What a commit changed that somebody may be waiting for.</summary>
/// <param name="Ends">Logs that grew.</param>
/// <param name="Doubted">Accounts in which a device, a credential or the account itself was switched off.</param>
internal sealed record CommitNews(IReadOnlyList<LogEnd> Ends, IReadOnlyCollection<long> Doubted);

internal interface ICommitWatcher
{
    /// <summary>Called on the store's thread once it is durable: return at once.</summary>
    void Committed(CommitNews news);
}
