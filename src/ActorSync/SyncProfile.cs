using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Status;

namespace ActorSync;

/// <summary>One account binding: its own journal, credential, clock and device id. Methods throw <see cref="SyncException"/> and nothing else of ours.</summary>
public sealed class SyncProfile
{
    internal SyncProfile(string name) => Name = name;

    public string Name { get; }

    /// <summary>Completes when the operation is on disk.</summary>
    /// <exception cref="InvalidOperationRefusedException">The operation breaks a bound; nothing was stored.</exception>
    /// <exception cref="JournalFullException">The queue is at its limit; nothing was stored.</exception>
    /// <exception cref="JournalUnavailableException">Disk full, I/O error, starting or stopped; not known to be stored. Hand it in again with the same id.</exception>
    public ValueTask<Accepted> EnqueueAsync(NewOperation operation, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Stores all or none, in one transaction.</summary>
    public ValueTask<ImmutableArray<Accepted>> EnqueueAsync(
        IReadOnlyList<NewOperation> operations,
        CancellationToken cancellation = default
    ) => throw new NotImplementedException();

    /// <summary>Completes when the hub has the operation, or will never have it; also after a restart of the process.</summary>
    public Task<Receipt> WaitForReceiptAsync(OperationId operation, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    public Task<StatusSnapshot> GetStatusAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Pushes now, both lanes, and completes when the pass is over.</summary>
    public Task<DrainReport> DrainAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<Explanation> ExplainAsync(OperationId operation, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Carries over what <see cref="Outbox.AppOutbox"/> writes into the app's own SQLite file, from now on and after each start that attaches it again.</summary>
    /// <param name="name">Stable: how far the file was carried over is kept under it.</param>
    /// <param name="path">The app's SQLite file.</param>
    public Task AttachOutboxAsync(string name, string path, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Says that the app has committed: the outbox is looked at now, not at its next tick (200 ms).</summary>
    public void NotifyOutbox(string name) => throw new NotImplementedException();

    // What the command line needs beside an app's needs.
    internal Task<ImmutableArray<Accepted>> EnqueueWithCheckpointAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    internal Task<long> GetCheckpointAsync(string source, CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<JournalCounts> GetCountsAsync(CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<ImmutableArray<JournalRow>> ListAsync(RowState state, long afterSeq, int limit, CancellationToken cancellation) =>
        throw new NotImplementedException();

    internal Task<JournalRow?> FindAsync(OperationId operation, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Null retries every dead letter. Gives how many went back.</summary>
    internal Task<long> RetryDeadAsync(OperationId? operation, CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<long> DiscardDeadAsync(OperationId operation, string reason, CancellationToken cancellation) =>
        throw new NotImplementedException();

    internal Task<long> ParkAsync(OperationId operation, CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<long> ClearQueueAsync(CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<JournalProtocol.ReplicaDigested> GetDigestAsync(CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<ImmutableArray<JournalProtocol.EntityView>> GetEntitiesAsync(
        string entity,
        string? entityId,
        string? afterId,
        int limit,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    internal Task<ImmutableSortedDictionary<string, string>> GetSettingsAsync(CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Keys: <c>hub</c>, <c>mode</c> (local, hybrid), <c>preset</c>. Applied without a restart. Null removes a key.</summary>
    /// <exception cref="InvalidSettingException">Unknown key or bad value; nothing was changed.</exception>
    internal Task<ImmutableSortedDictionary<string, string>> PatchSettingsAsync(
        ImmutableSortedDictionary<string, string?> patch,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    /// <exception cref="CredentialException">With the hub's code and its own text.</exception>
    internal Task<BindingView> PairAsync(Uri hub, string code, CancellationToken cancellation) => throw new NotImplementedException();

    internal Task<BindingView> UseTokenAsync(Uri hub, string token, CancellationToken cancellation) => throw new NotImplementedException();

    internal Task SignOutAsync(CancellationToken cancellation) => throw new NotImplementedException();
}

/// <summary>What became of an operation.</summary>
/// <param name="Delivered">The hub holds it.</param>
/// <param name="Error">Why it never will: the dead letter's code and message, or the reason of a discard.</param>
public readonly record struct Receipt(OperationId OperationId, bool Delivered, string? Error);

/// <summary>The outcome of one pass over both lanes.</summary>
/// <param name="Stopped">Why the pass ended before the queue was empty, or null: <c>Local</c>, <c>NoServer</c>, <c>NoCredential</c>, <c>Paused</c>, <c>Offline</c>, <c>Backoff</c>, or the error's text.</param>
public sealed record DrainReport(
    int Batches,
    long Accepted,
    long Duplicate,
    long Rejected,
    long Pending,
    string? Stopped,
    DateTimeOffset? NextRetry
);

/// <summary>Where one operation is, and why.</summary>
/// <param name="Where">pending, in_flight, parked, dead, delivered, unknown.</param>
/// <param name="Cause">One of a closed list: <c>next_pass</c>, <c>waits_for_older</c>, <c>local_mode</c>, <c>no_server</c>, <c>no_credential</c>, <c>paused</c>, <c>backoff</c>, <c>refused</c>, <c>blocked</c>, <c>delivered</c>, <c>not_here</c>.</param>
public sealed record Explanation(
    OperationId OperationId,
    string Where,
    string Cause,
    string Text,
    DateTimeOffset? NextTry,
    string? HubSaid,
    int Attempts
);

internal sealed record BindingView(string Hub, string? Account, string? Handle, long Generation, DateTimeOffset? ExpiresAt);
