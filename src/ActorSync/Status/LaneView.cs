using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Platform;
using ActorSync.Restart;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Status;

/// <summary>What is known of one lane: what it said last, and what its keeper and the journal say of it. Pure.</summary>
internal sealed record LaneView
{
    public LaneReport? Report { get; init; }

    public ChildView? Kept { get; init; }

    /// <summary>The lane's oldest operation by its own clock, and since when we know it as the oldest by ours.</summary>
    public (DateTimeOffset CreatedAt, Moment Seen)? Oldest { get; init; }

    /// <summary>Of actors of this lane that have ended.</summary>
    public LaneTotals Before { get; init; } = LaneTotals.None;

    public LaneTotals Totals =>
        Report is { Totals: var now }
            ? new LaneTotals(
                Before.Batches + now.Batches,
                Before.Accepted + now.Accepted,
                Before.Duplicate + now.Duplicate,
                Before.Rejected + now.Rejected
            )
            : Before;

    public LaneView With(LaneReport report) => this with { Report = report };

    /// <summary>What an actor that has ended said is kept as history; nothing of it counts as a sign of life.</summary>
    public LaneView With(ChildView kept) =>
        kept.Up
            ? this with
            {
                Kept = kept,
                Before = Totals,
                Report = Report is null ? null : Report with { Totals = LaneTotals.None },
            }
            : this with
            {
                Kept = kept,
                Report = Report is null ? null : Report with { Passing = false, InFlight = null },
            };

    public LaneView With(LaneCounts counts, Moment now) =>
        counts.OldestCreatedAt is not { } createdAt ? this with { Oldest = null }
        : Oldest?.CreatedAt == createdAt ? this
        : this with { Oldest = (createdAt, now) };

    /// <summary>By our own clock since it was first seen; by the wall's when that is more. A wall clock that goes back hides nothing for long.</summary>
    public TimeSpan? OldestAge(Moment now)
    {
        if (Oldest is not { } oldest)
        {
            return null;
        }

        var (seen, wall) = (now.Steady - oldest.Seen.Steady, now.Wall - oldest.CreatedAt);
        return seen > wall ? seen : wall;
    }

    public TimeSpan? LookAge(Moment now)
    {
        var (looked, took) = (Report?.LookedAt?.Steady, Report?.HubAt?.Steady);
        var last = looked is null || took > looked ? took : looked;
        return last is { } at ? now.Steady - at : null;
    }

    public LaneError? Error =>
        Kept is { Up: false } or { Exhausted: true } ? LaneErrors.Crashed(Kept.LastError ?? "unknown") : Report?.Error;

    public Moment? NextTry => Kept is { Up: false } ? Kept.NextTry : Report?.NextTry;
}
