using ActorSync.Drain;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;

namespace ActorSync.Pull;

/// <summary>When the puller looks, and how long it stays away after a failure. Pure: time and chance come in as data.</summary>
internal sealed record PullState(Backoff Backoff)
{
    /// <summary>Something may be there: set by each trigger, cleared when a pass starts. A thousand notices are one pass.</summary>
    public bool Wanted { get; init; }

    /// <summary>A person asked: one try also during backoff.</summary>
    public bool Forced { get; init; }

    /// <summary>Somebody wants the replica compared with the hub's.</summary>
    public bool Reconciling { get; init; }

    public PassEnd.Failed? Trouble { get; init; }

    public Moment? RetryAt { get; init; }

    public bool JournalUp { get; init; } = true;

    public PullState Want(bool force = false) => this with { Wanted = true, Forced = Forced || force };

    /// <summary>Whatever was in the way is gone.</summary>
    public PullState Fresh() => this with { Wanted = true, Backoff = Backoff.Reset(), RetryAt = null };

    /// <summary>What failed on the way to the hub may work now. What the hub said stands, and so does the wait that it asked for.</summary>
    public PullState NetworkIsBack() => Trouble is null or { Offline: true, RetryAfter: null } ? Fresh() : this;

    public bool MayStart(Gate gate, Moment now) =>
        gate is Gate.Open && JournalUp && Wanted && (Forced || RetryAt is not { } retry || retry.Steady <= now.Steady);

    public PullState Started() => this with { Wanted = false, Forced = false, RetryAt = null };

    /// <summary>The hub gave something that could be used.</summary>
    public PullState Took() => Trouble is { Error.NeedsAttention: true } ? this : this with { Backoff = Backoff.Reset(), Trouble = null };

    /// <param name="chance">Uniform in [0, 1).</param>
    public PullState Ended(PassEnd end, Moment now, double chance) =>
        end switch
        {
            PassEnd.Failed failed => Retry(failed, now, chance),
            PassEnd.JournalGone gone => Retry(new PassEnd.Failed(LaneErrors.Journal(gone.Reason), Offline: false, null), now, chance),
            PassEnd.Drained => this with { Backoff = Backoff.Reset(), Trouble = null, RetryAt = null },
            PassEnd.Superseded => this with { Wanted = true },
            _ => this,
        };

    /// <summary>Why nothing is fetched now, or null when nothing keeps it.</summary>
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

    private PullState Retry(PassEnd.Failed failed, Moment now, double chance)
    {
        var (backoff, wait) = Backoff.Fail(chance, failed.RetryAfter);
        return this with { Backoff = backoff, Trouble = failed, RetryAt = now + wait, Wanted = true };
    }
}
