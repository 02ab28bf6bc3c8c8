using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Sync;
using Akka.Actor;

namespace ActorSync.Pull;

/// <summary>Everything that is said between the puller and the sync actor above it.</summary>
internal static class PullProtocol
{
    // ---- From sync ----

    /// <summary>How to work from now on. Replies <see cref="OrdersTaken"/>; from then on at most the request in flight ends under older orders.</summary>
    /// <param name="Fresh">Something that was in the way is gone: forget the backoff and look at once.</param>
    public sealed record Orders(long Version, Gate Gate, CredentialGeneration Generation, TimeSpan Interval, bool Fresh)
    {
        /// <summary>A pass that was started under the other orders may go on under these.</summary>
        public bool Continues(Orders other) => (Gate, Generation) == (other.Gate, other.Generation) && !Fresh;
    }

    /// <summary>Look now.</summary>
    /// <param name="Force">Also during backoff: one try.</param>
    public sealed record PullNow(bool Force);

    /// <summary>Compares the replica with the hub's and heals what differs, both ways. Replies <see cref="ReconcileReport"/>, always.</summary>
    public sealed record Reconcile(IActorRef ReplyTo);

    /// <summary>The answer to <see cref="AskTurn"/>: nobody of this profile has a push in flight.</summary>
    public sealed record TurnGiven(long Number);

    // ---- From the puller ----

    public sealed record OrdersTaken(long Version);

    public sealed record AskTurn(long Number);

    public sealed record TurnOver(long Number);

    /// <summary>401 or 403 with a code of the protocol; the puller waits for new orders.</summary>
    public sealed record CredentialDoubted(CredentialGeneration Generation, int Status, string Code, string Message);

    /// <summary>The hub's history is not the one that we know: until it is merged nothing should be pushed.</summary>
    /// <param name="IsFirst">We know none yet: what cannot be fetched now keeps nobody from pushing.</param>
    public sealed record HistoryDoubted(bool IsFirst);

    /// <summary>A pass is over, however it ended.</summary>
    /// <param name="Version">Of the orders that it ended under.</param>
    /// <param name="IsMerged">The hub's history is ours: what is pushed now belongs behind it.</param>
    public sealed record PassOver(long Version, PassEnd End, bool IsMerged);

    /// <summary>How pulling stands. Said at each change, and at each look.</summary>
    /// <param name="LookedAt">When a pass last ended without an error.</param>
    /// <param name="HubAt">When the hub last answered as it should.</param>
    /// <param name="Merging">The hub's whole replica is being compared with ours.</param>
    public sealed record PullReport(
        bool Passing,
        Gate.Closed? Skipped,
        Moment? LookedAt,
        Moment? TriedAt,
        Moment? HubAt,
        DrainProtocol.LaneError? Error,
        Moment? NextTry,
        TimeSpan Interval,
        bool Merging,
        PullTotals Totals
    );
}

/// <summary>Since the puller's actor started.</summary>
/// <param name="Applied">Operations and rows of the hub that were merged.</param>
/// <param name="Quarantined">Operations that could not be.</param>
/// <param name="Relayed">Rows that the hub lacked and took.</param>
internal sealed record PullTotals(long Pages, long Applied, long Quarantined, long Snapshots, long Relayed)
{
    public static readonly PullTotals None = new(0, 0, 0, 0, 0);

    public PullTotals Plus(PullTotals other) =>
        new(
            Pages + other.Pages,
            Applied + other.Applied,
            Quarantined + other.Quarantined,
            Snapshots + other.Snapshots,
            Relayed + other.Relayed
        );
}
