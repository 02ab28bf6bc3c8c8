using System.Collections.Immutable;

namespace ActorSync.Status;

/// <summary>The one read model: what the CLI, the health check, the metrics and a tray icon show. Property names are those of <c>status --json</c> in snake_case.</summary>
public sealed record StatusSnapshot(
    string Profile,
    string DeviceId,
    HealthView Health,
    AuthView Auth,
    string Mode,
    string? Hub,
    QueueView Queue,
    ClockView Clock,
    CursorView Cursor,
    ReceiptView Receipt,
    DrainView Drain,
    HangarView Hangar,
    LanView Lan,
    bool Running,
    string Version
);

/// <param name="State">OFF, PAUSED, IDLE, ERR, STALE or OK.</param>
/// <param name="Lanes">priority, bulk (and pull when there is one).</param>
public sealed record HealthView(
    string State,
    string Reason,
    DateTimeOffset Since,
    DateTimeOffset? NextRetry,
    ImmutableSortedDictionary<string, LaneHealth> Lanes
);

public sealed record LaneHealth(string State, string Reason, DateTimeOffset Since, DateTimeOffset? NextRetry);

/// <param name="State">signed_in, signed_out or lost.</param>
public sealed record AuthView(
    string State,
    string? Reason,
    DateTimeOffset? LostAt,
    string? Account,
    long Generation,
    DateTimeOffset? ExpiresAt
);

public sealed record QueueView(long Pending, long Bytes, double? OldestAgeSeconds, long Dead, long Parked, long Limit);

public sealed record ClockView(long Lamport);

public sealed record CursorView(long Position, long Head);

public sealed record ReceiptView(long HighestLamport, DateTimeOffset? At);

public sealed record DrainView(
    DateTimeOffset? LastAttemptAt,
    DateTimeOffset? LastSuccessAt,
    string? LastError,
    long Batches,
    long Accepted,
    long Duplicate,
    long Rejected
);

/// <summary>The snapshot of the side collection.</summary>
public sealed record HangarView(DateTimeOffset? LastSuccessAt, string? LastError, DateTimeOffset? NextAt)
{
    /// <summary>starting, no_source, resting, capturing, pushing, stopped (refused by the hub: waits for its next time, a kick or another credential), down (it fell, and comes back).</summary>
    public string State { get; init; } = "starting";

    public DateTimeOffset? LastAttemptAt { get; init; }

    /// <summary>Why the last attempt pushed nothing, as in <see cref="HangarOutcome.Reason"/>; null when it did, or failed.</summary>
    public string? LastSkip { get; init; }

    /// <summary>Since the profile started, as the two below.</summary>
    public long Pushes { get; init; }

    public long Skips { get; init; }

    public long Failures { get; init; }

    /// <summary>How often its actor ended: refused by the hub, or by a fault.</summary>
    public int Restarts { get; init; }
}

public sealed record LanView(string State, int Peers);
