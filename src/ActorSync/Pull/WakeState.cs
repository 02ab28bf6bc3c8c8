using ActorSync.Platform;
using ActorSync.Restart;

namespace ActorSync.Pull;

/// <summary>Whether a socket is wanted, and when the next try is due. Pure: time and chance come in as data.</summary>
internal sealed record WakeState(Backoff Backoff)
{
    /// <summary>A session that lasted this long was a good one: the next failure is a first one.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(30);

    public Moment? OpenSince { get; init; }

    public Moment? RetryAt { get; init; }

    public bool MayOpen(Moment now) => OpenSince is null && (RetryAt is not { } retry || retry.Steady <= now.Steady);

    public WakeState Opened(Moment now) => this with { OpenSince = now, RetryAt = null };

    /// <param name="chance">Uniform in [0, 1).</param>
    public WakeState Ended(Moment now, double chance)
    {
        var healthy = OpenSince is { } since && now.Steady - since.Steady >= Healthy;
        var (next, wait) = (healthy ? Backoff.Reset() : Backoff).Fail(chance);
        return new WakeState(next) { RetryAt = now + wait };
    }

    /// <summary>Closed by ourselves, or another hub or credential: nothing is held against it.</summary>
    public WakeState Fresh() => new(Backoff.Reset());
}
