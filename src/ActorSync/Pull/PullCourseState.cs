using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Wire;

namespace ActorSync.Pull;

/// <summary>What a pass does next, and when a hub leads it nowhere. Pure.</summary>
/// <remarks>
/// <code>
/// place unknown ─► snapshot, if the hub's history is not ours ─► pages, until there are no more ─► compare, if asked ─► relay what the hub lacks ─► ack
///      ▲                              410 in any of them: the snapshot (again)                                            │
///      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
/// </code>
/// </remarks>
internal sealed record PullCourseState
{
    /// <summary>More pages than this in one pass is a hub without an end.</summary>
    public const int MostPages = 100_000;

    /// <summary>A hub whose history changes this often within a pass is not followed.</summary>
    public const int MostSnapshots = 4;

    private const int MostComparisons = 4;

    /// <summary>Null until the journal said it.</summary>
    public PullPlace? Place { get; init; }

    public bool CaughtUp { get; init; }

    /// <summary>The hub's replica is to be compared by its digest.</summary>
    public bool Compares { get; init; }

    public int Comparisons { get; init; }

    public int Pages { get; init; }

    public int Snapshots { get; init; }

    /// <summary>The last position that the hub was told; -1 for none.</summary>
    public long Acked { get; init; } = -1;

    public PullStep Next() =>
        this switch
        {
            { Place: null } => PullStep.Open,
            { Place.NeedsSnapshot: true } => PullStep.Snapshot,
            { CaughtUp: false } => PullStep.Page,
            { Place.HasRelay: true } => PullStep.Relay,
            { Compares: true } => PullStep.Compare,
            { Pages: 0, Snapshots: 0 } => PullStep.Done,
            { Place: { Position: var position, KnownHead: not null } } when position > Acked && position > 0 => PullStep.Ack,
            _ => PullStep.Done,
        };

    /// <summary>The hub said that it does not have our history.</summary>
    public (PullCourseState Next, DrainProtocol.LaneError? Error) Resync() =>
        Snapshots >= MostSnapshots
            ? (this, PullErrors.HistoryLoop(Snapshots))
            : (this with { Place = Place! with { NeedsSnapshot = true }, CaughtUp = false }, null);

    public PullCourseState SnapshotTaken(PullPlace place) =>
        this with
        {
            Place = place,
            Snapshots = Snapshots + 1,
            CaughtUp = false,
            Acked = -1,
        };

    /// <summary>Whether a page leads on from the place. An error ends the pass; nothing of the page is taken then.</summary>
    public DrainProtocol.LaneError? FaultOf(OpsPage page)
    {
        var since = Place!.Position;
        return page switch
        {
            { LastId: var last } when last < since => PullErrors.Backward(since, last),
            { HasMore: true, LastId: var last } when last == since => PullErrors.Stands(since),
            { HasMore: true, Ops.Count: 0 } => PullErrors.Stands(since),
            { Ops: [var first, ..] } when first.Id <= since => PullErrors.Backward(since, first.Id),
            _ when Pages >= MostPages => PullErrors.Endless(Pages),
            _ => null,
        };
    }

    public PullCourseState PageTaken(PullPlace place, bool hasMore) =>
        this with
        {
            Place = place,
            Pages = Pages + 1,
            CaughtUp = !hasMore && !place.NeedsSnapshot,
        };

    /// <summary>What a digest of the hub says about ours, taken at the same point of the log; at another one the pages between are read first.</summary>
    public (PullCourseState Next, bool? Equal) Compared(HubDigest theirs, string ours)
    {
        var next = this with { Comparisons = Comparisons + 1 };
        return theirs switch
        {
            { Digest: var digest } when string.Equals(digest, ours, StringComparison.OrdinalIgnoreCase) => (
                next with
                {
                    Compares = false,
                },
                true
            ),
            { Cursor: var cursor } when cursor != Place!.Position && Comparisons < MostComparisons => (
                next with
                {
                    CaughtUp = false,
                },
                null
            ),
            _ when Snapshots == 0 => (next with { Place = Place! with { NeedsSnapshot = true }, CaughtUp = false }, null),
            _ => (next with { Compares = false }, false),
        };
    }
}

internal enum PullStep
{
    Open,
    Snapshot,
    Page,
    Relay,
    Compare,
    Ack,
    Done,
}

/// <summary>The puller's own errors, each with what to do about it.</summary>
internal static class PullErrors
{
    private const string HubFault = "check that the address is a hub of this protocol (actorsync conformance)";

    public static readonly DrainProtocol.LaneError NoSnapshot = new(
        "no_snapshot",
        "the hub's history has changed, and it has no snapshot to compare with",
        "use a hub of this protocol's present version; nothing is lost meanwhile",
        NeedsAttention: true
    );

    public static readonly DrainProtocol.LaneError NoAccount = new(
        "no_account",
        "the credential does not say whose account it is",
        "pair this device again",
        NeedsAttention: true
    );

    public static DrainProtocol.LaneError Backward(long since, long id) =>
        new("backward_cursor", $"the hub was asked for what comes behind {since} and answered with {id}", HubFault, NeedsAttention: true);

    public static DrainProtocol.LaneError Stands(long since) =>
        new("page_stands", $"the hub says that there is more behind {since} and does not give it", HubFault, NeedsAttention: true);

    public static DrainProtocol.LaneError Endless(int pages) =>
        new("endless_pages", $"the hub had no end after {pages} pages", HubFault, NeedsAttention: true);

    public static DrainProtocol.LaneError HistoryLoop(int times) =>
        new(
            "history_loop",
            $"the hub's history changed {times} times while it was being merged",
            "see whether several hubs answer at this address",
            NeedsAttention: true
        );

    public static DrainProtocol.LaneError Snapshot(string fault) =>
        new("snapshot_broken", $"the hub's snapshot cannot be read: {fault}", "nothing: it is tried again", NeedsAttention: false);

    public static DrainProtocol.LaneError Relay(string why) =>
        new("relay_refused", $"the hub does not take what it lacks: {why}", HubFault, NeedsAttention: true);
}
