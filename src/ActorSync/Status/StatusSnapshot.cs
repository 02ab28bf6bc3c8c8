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

public sealed record HangarView(DateTimeOffset? LastSuccessAt, string? LastError, DateTimeOffset? NextAt);

public sealed record LanView(string State, int Peers);
