using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;

namespace ActorSync.Drain;

/// <summary>When a lane looks at its queue, and how long it stays away after a failure. Pure: time and chance come in as data.</summary>
internal sealed record LaneState(Backoff Backoff)
{
    /// <summary>Something may be there: set by each trigger, cleared when a pass starts. Ten triggers are one pass.</summary>
    public bool Wanted { get; init; }

    /// <summary>A person asked: one try also during backoff.</summary>
    public bool Forced { get; init; }

    public PassEnd.Failed? Trouble { get; init; }

    public Moment? RetryAt { get; init; }

    public bool JournalUp { get; init; } = true;

    public LaneState Want(bool force = false) => this with { Wanted = true, Forced = Forced || force };

    /// <summary>Whatever was in the way is gone.</summary>
    public LaneState Fresh() => this with { Wanted = true, Backoff = Backoff.Reset(), RetryAt = null };

    /// <summary>What failed on the way to the hub may work now. What the hub said stands, and so does the wait that it asked for.</summary>
    public LaneState NetworkIsBack() => Trouble is { Offline: true, RetryAfter: null } ? Fresh() : this;

    public bool MayStart(Gate gate, Moment now) =>
        gate is Gate.Open && JournalUp && Wanted && (Forced || RetryAt is not { } retry || retry.Steady <= now.Steady);

    public LaneState Started() => this with { Wanted = false, Forced = false, RetryAt = null };

    /// <summary>The hub took a request of this pass. What the network did is forgiven; what needs attention is not, until a pass ends well.</summary>
    public LaneState Took() => Trouble is { Error.NeedsAttention: true } ? this : this with { Backoff = Backoff.Reset(), Trouble = null };

    /// <param name="chance">Uniform in [0, 1).</param>
    public LaneState Ended(PassEnd end, Moment now, double chance)
    {
        switch (end)
        {
            case PassEnd.Failed failed:
                return Retry(failed, now, chance);
            case PassEnd.JournalGone gone:
                return Retry(new PassEnd.Failed(LaneErrors.Journal(gone.Reason), Offline: false, null), now, chance);
            case PassEnd.Drained:
                return this with { Backoff = Backoff.Reset(), Trouble = null, RetryAt = null };
            case PassEnd.Superseded:
                return this with { Wanted = true };
            default:
                return this;
        }
    }

    private LaneState Retry(PassEnd.Failed failed, Moment now, double chance)
    {
        var (backoff, wait) = Backoff.Fail(chance, failed.RetryAfter);
        return this with { Backoff = backoff, Trouble = failed, RetryAt = now + wait, Wanted = true };
    }

    /// <summary>Why nothing is sent now, or null when nothing keeps it.</summary>
    public Gate.Closed? Obstacle(Gate gate, Moment now) =>
        gate switch
        {
            Gate.Closed closed => closed,
            _ when !JournalUp => new Gate.Closed(GateReason.Backoff, "the journal is down"),
            _ when RetryAt is { } retry && retry.Steady > now.Steady && Trouble is { } trouble => new Gate.Closed(
                trouble.Offline ? GateReason.Offline : GateReason.Backoff,
                trouble.Error.Message,
                retry.Wall
            ),
            _ => null,
        };
}
