using ActorSync.Drain;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Restart;

namespace ActorSync.Status;

/// <summary>What is known of the puller: what it said last, and what its keeper says of it. Pure.</summary>
internal sealed record PullView
{
    public const string Name = "pull";

    public PullProtocol.PullReport? Report { get; init; }

    public ChildView? Kept { get; init; }

    public DrainProtocol.LaneError? Error =>
        Kept is { Up: false } or { Exhausted: true } ? LaneErrors.Crashed(Kept.LastError ?? "unknown") : Report?.Error;

    public Moment? NextTry => Kept is { Up: false } ? Kept.NextTry : Report?.NextTry;

    /// <summary>What an actor that has ended said is kept as history; nothing of it counts as a sign of life.</summary>
    public PullView With(ChildView kept) =>
        this with
        {
            Kept = kept,
            Report = Report is null || kept.Up ? Report : Report with { Passing = false, Merging = false },
        };

    public TimeSpan? LookAge(Moment now)
    {
        var (looked, took) = (Report?.LookedAt?.Steady, Report?.HubAt?.Steady);
        var last = looked is null || took > looked ? took : looked;
        return last is { } at ? now.Steady - at : null;
    }
}
