using ActorSync.Model;

namespace ActorSync;

/// <summary>What became of an operation.</summary>
/// <param name="Delivered">The hub holds it.</param>
/// <param name="Error">Why it never will: the dead letter's code and message, or the reason of a discard.</param>
public readonly record struct Receipt(OperationId OperationId, bool Delivered, string? Error);

/// <summary>The outcome of one pass over both lanes.</summary>
/// <param name="Stopped">Why the pass ended before the queue was empty, or null: <c>Local</c>, <c>NoServer</c>, <c>NoCredential</c>, <c>Paused</c>, <c>Offline</c> (also with a colon and the error's text), <c>Backoff</c>, or the error's text.</param>
public sealed record DrainReport(
    int Batches,
    long Accepted,
    long Duplicate,
    long Rejected,
    long Pending,
    string? Stopped,
    DateTimeOffset? NextRetry
);

/// <summary>The outcome of a comparison of the replica with the hub's.</summary>
/// <param name="Equal">Both are the same now; false when that is not known.</param>
/// <param name="Sent">Rows that the hub lacked and took.</param>
/// <param name="Differed">The digests were not equal, and the hub's rows were merged.</param>
/// <param name="Stopped">Why it could not be finished, as in <see cref="DrainReport"/>; null when it was.</param>
public sealed record ReconcileReport(bool Equal, long Sent, bool Differed, string? Stopped);

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

/// <summary>What came of pushing the hangar's snapshot.</summary>
/// <param name="Outcome">pushed, skipped, failed.</param>
/// <param name="Reason">Skipped: <c>no_source</c>, <c>local</c>, <c>no_server</c>, <c>not_signed_in</c>, <c>paused</c>, <c>offline</c>, <c>unchanged</c>, <c>empty</c>, <c>partial</c>. Failed: the failure's code. Null when pushed.</param>
/// <param name="Text">For people; null when pushed.</param>
/// <param name="Bytes">Of the request.</param>
/// <param name="NextAt">When the hangar looks again by itself.</param>
public sealed record HangarOutcome(string Outcome, string? Reason, string? Text, int Items, long Bytes, DateTimeOffset? NextAt)
{
    internal const string Pushed = "pushed";
    internal const string Skipped = "skipped";
    internal const string Failed = "failed";
}

internal sealed record BindingView(string Hub, string? Account, string? Handle, long Generation, DateTimeOffset? ExpiresAt);
