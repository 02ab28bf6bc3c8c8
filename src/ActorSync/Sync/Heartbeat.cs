using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Status;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Sync;

/// <summary>When an idle profile asks the hub whether it is still there, so that green is never older than its lease.</summary>
internal sealed class Heartbeat(BackoffLaw law)
{
    private Backoff _backoff = new(law);
    private Moment? _retryAt;
    private bool _asked;

    /// <summary>When the hub last answered as it should, in this opening of the gate or before.</summary>
    public Moment? HubAt { get; private set; }

    public LaneError? Error { get; private set; }

    public Moment? OpenSince { get; private set; }

    /// <param name="fresh">Another credential: what the hub said to the old one proves nothing.</param>
    public void GateIs(bool open, bool fresh, Moment now)
    {
        if (fresh)
        {
            (HubAt, Error, _retryAt, OpenSince) = (null, null, null, null);
            _backoff = _backoff.Reset();
        }

        OpenSince = open ? OpenSince ?? now : null;
        if (!open)
        {
            Error = null;
        }
    }

    /// <summary>True when it is news.</summary>
    public bool HubAnswered(Moment at)
    {
        if (HubAt is { } known && known.Steady >= at.Steady)
        {
            return false;
        }

        (HubAt, Error, _retryAt) = (at, null, null);
        _backoff = _backoff.Reset();
        return true;
    }

    public void Failed(LaneError? error, Moment now, double chance, TimeSpan? retryAfter)
    {
        Error = error;
        _asked = retryAfter is not null;
        (_backoff, var wait) = _backoff.Fail(chance, retryAfter);
        _retryAt = now + wait;
    }

    /// <summary>True when the last question failed on the way and is worth asking again now; the wait that a hub asked for stays.</summary>
    public bool NetworkIsBack()
    {
        if (Error is null or { NeedsAttention: true } || _asked)
        {
            return false;
        }

        _retryAt = null;
        _backoff = _backoff.Reset();
        return true;
    }

    /// <summary>Twice in a lease, so that one answer may be late.</summary>
    public Moment Next(DrainPreset preset, Moment now)
    {
        if (_retryAt is { } retry)
        {
            return retry;
        }

        var shorter = preset.PriorityInterval < preset.BulkInterval ? preset.PriorityInterval : preset.BulkInterval;
        return HubAt is { } at ? at + (HealthState.Lease(shorter) / 2) : now;
    }
}
