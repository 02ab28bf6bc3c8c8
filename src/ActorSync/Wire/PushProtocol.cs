using System.Collections.Immutable;

namespace ActorSync.Wire;

/// <summary>What a push can end in: the rows of the outcome table. Made by <c>PushOutcomes.Read</c>, acted on by the drain.</summary>
internal abstract record PushOutcome
{
    private PushOutcome() { }

    /// <summary>200 that names operations of the batch.</summary>
    public sealed record Named(PushResult Result) : PushOutcome;

    /// <summary>409 <c>lamport_regression</c> (WIRE rules e and g).</summary>
    public sealed record Regression(long StoredMax, long? OffendingLamport) : PushOutcome;

    /// <summary>410 <c>resync_required</c> (WIRE rule l).</summary>
    public sealed record ResyncRequired(string Reason) : PushOutcome;

    /// <summary>400 or 422 for the whole request: halve until the bad operation stands alone.</summary>
    public sealed record RefusedWhole(int Status, string Code, string Message) : PushOutcome;

    /// <summary>413: halve; an operation that is too large alone is dead-lettered.</summary>
    public sealed record TooLarge(string Message) : PushOutcome;

    /// <summary>415: send identity from now on.</summary>
    public sealed record EncodingRefused : PushOutcome;

    /// <summary>401 or 403 with our envelope and a code of the protocol. Burns no operation.</summary>
    public sealed record AuthRefused(int Status, string Code, string Message) : PushOutcome;

    /// <summary>Everything else, a 409 that is not understood and a 200 with foreign content included: back off, rows untouched but for attempts.</summary>
    public sealed record Failed(HubFailure Failure) : PushOutcome;
}

/// <summary>What a 200 named. Indexes are positions in the batch that was sent; what is in neither list was not named and stays.</summary>
/// <param name="Unknown">How many ids the answer named that were not in the batch; they change nothing.</param>
/// <param name="LastId">The account's last id after this push, 0 when the answer did not say.</param>
/// <param name="Head">64 hex digits, or null when the answer did not say.</param>
internal sealed record PushResult(
    ImmutableArray<PushResult.AcceptedOp> Accepted,
    ImmutableArray<PushResult.RejectedOp> Rejected,
    int Unknown,
    long LastId,
    string? Head,
    PushResult.HubReceipt? Receipt
)
{
    /// <param name="Lamport">The stamp that stands at the hub; the caller adopts it.</param>
    public readonly record struct AcceptedOp(int Index, long Id, long Lamport, bool Duplicate);

    /// <param name="By">For <c>blocked</c>: the operation id it waits behind.</param>
    public sealed record RejectedOp(int Index, string Error, string Message, string? By);

    public sealed record HubReceipt(string DeviceId, long HighestLamport, long Count);
}
