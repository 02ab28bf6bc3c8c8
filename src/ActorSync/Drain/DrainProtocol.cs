using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Sync;

namespace ActorSync.Drain;

/// <summary>Everything that is said between a lane's drain and the sync actor above it.</summary>
internal static class DrainProtocol
{
    // ---- From sync ----

    /// <summary>How the lane has to work from now on. Replies <see cref="OrdersTaken"/>; from then on at most the request in flight ends under older orders.</summary>
    /// <param name="Generation">A credential older than this is not used any more.</param>
    /// <param name="Fresh">Something that was in the way is gone: forget the backoff and look at once.</param>
    public sealed record Orders(
        long Version,
        Gate Gate,
        CredentialGeneration Generation,
        TimeSpan Interval,
        bool Notify,
        bool Gzip,
        bool Fresh
    )
    {
        /// <summary>A pass that was started under the other orders may go on under these.</summary>
        public bool Continues(Orders other) => (Gate, Generation, Gzip) == (other.Gate, other.Generation, other.Gzip) && !Fresh;
    }

    /// <summary>Look now. Answered by a <see cref="PassOver"/> that covers the ticket.</summary>
    /// <param name="Force">Also during backoff: somebody asked for one try.</param>
    public sealed record RunPass(long Ticket, bool Force);

    /// <summary>The other lane has settled what this one may have waited for.</summary>
    public sealed record LookAgain
    {
        public static readonly LookAgain Instance = new();
    }

    /// <summary>The answer to <see cref="AskTurn"/>: of a profile's lanes one sends at a time, so that no stamp overtakes the clock that another request carries.</summary>
    /// <param name="HighestSent">The greatest stamp that any request of this profile carried; a batch with a smaller clock is read again.</param>
    public sealed record TurnGiven(long Number, long HighestSent);

    // ---- From a lane ----

    public sealed record OrdersTaken(Lane Lane, long Version);

    /// <param name="Number">Tells this question from the lane's others.</param>
    public sealed record AskTurn(Lane Lane, long Number);

    /// <summary>The turn, or the question for it, is given back.</summary>
    /// <param name="MaxLamport">The greatest stamp that was sent in it.</param>
    public sealed record TurnOver(Lane Lane, long Number, long MaxLamport);

    /// <param name="Ticket">The highest <see cref="RunPass"/> that this pass covers.</param>
    public sealed record PassOver(Lane Lane, long Ticket, PassEnd End, PassTally Tally, long Pending, DateTimeOffset? NextTry);

    /// <summary>401 or 403 with a code of the protocol. No operation is burnt; the lane waits for new orders.</summary>
    public sealed record CredentialDoubted(Lane Lane, CredentialGeneration Generation, int Status, string Code, string Message);

    /// <summary>410: the hub's history is not the one that our pair is of. It has to be merged before anything is pushed again.</summary>
    public sealed record HistoryDoubted(Lane Lane);

    /// <summary>The hub does not take gzip.</summary>
    public sealed record EncodingDoubted(Uri Hub);

    /// <summary>How the lane stands. Said at each change, and at each look.</summary>
    /// <param name="Passing">A pass is running.</param>
    /// <param name="Skipped">Why the lane does not look: a closed gate, or its own backoff.</param>
    /// <param name="LookedAt">When a pass last ended without an error.</param>
    /// <param name="HubAt">When the hub last took a push of this lane.</param>
    /// <param name="Error">Of the last attempt; null when it went well.</param>
    /// <param name="InFlight">What is on its way now. Its ids and numbers may be read from any thread, its body may not.</param>
    public sealed record LaneReport(
        Lane Lane,
        bool Passing,
        Gate.Closed? Skipped,
        Moment? LookedAt,
        Moment? TriedAt,
        Moment? HubAt,
        LaneError? Error,
        Moment? NextTry,
        TimeSpan Interval,
        long Pending,
        PushBatch? InFlight,
        LaneTotals Totals
    );

    /// <param name="NeedsAttention">Trying again alone will not heal it.</param>
    public sealed record LaneError(string Code, string Message, string Remedy, bool NeedsAttention);

    /// <summary>Since the lane's actor started.</summary>
    public sealed record LaneTotals(long Batches, long Accepted, long Duplicate, long Rejected)
    {
        public static readonly LaneTotals None = new(0, 0, 0, 0);

        public LaneTotals With(PassTally tally) =>
            new(Batches + tally.Batches, Accepted + tally.Accepted, Duplicate + tally.Duplicate, Rejected + tally.Rejected);
    }
}

/// <summary>How a pass ended.</summary>
internal abstract record PassEnd
{
    private PassEnd() { }

    /// <summary>There was nothing more that could be sent.</summary>
    public sealed record Drained : PassEnd;

    /// <summary>The gate closed; nothing is wrong with the lane.</summary>
    public sealed record Skipped(Gate.Closed Gate) : PassEnd;

    /// <summary>The orders changed under it; it is started again with the new ones.</summary>
    public sealed record Superseded : PassEnd;

    /// <summary>The hub doubts the credential; sync decides.</summary>
    public sealed record Doubted(string Code, string Message) : PassEnd;

    /// <summary>The journal went away or could not book; what the hub took is sent again by its id and changes nothing there.</summary>
    public sealed record JournalGone(string Reason) : PassEnd;

    /// <param name="Offline">The network, not the hub.</param>
    /// <param name="RetryAfter">The hub's own wish.</param>
    public sealed record Failed(DrainProtocol.LaneError Error, bool Offline, TimeSpan? RetryAfter) : PassEnd;
}
