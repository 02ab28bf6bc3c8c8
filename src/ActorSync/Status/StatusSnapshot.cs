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
    string Version,
    NoticeView? Notice = null
)
{
    /// <summary>What of the hub's changes a person may want to look at.</summary>
    public InboundView Inbound { get; init; } = new(-1, -1);

    /// <summary>The actors of the profile that have ever failed, by their path below it, such as <c>sync/drain-bulk</c>.</summary>
    public ImmutableSortedDictionary<string, RestartView> Restarts { get; init; } = ImmutableSortedDictionary<string, RestartView>.Empty;
}

/// <param name="Count">Failures since its parent started; a normal end counts as one.</param>
/// <param name="Up">It is there now.</param>
/// <param name="NextTry">When it is made again; null when it is there, or stays stopped.</param>
/// <param name="OverLimit">It failed more often than the supervision table allows, and what follows by that table holds.</param>
public sealed record RestartView(int Count, bool Up, string? LastError, DateTimeOffset? NextTry, bool OverLimit);

/// <summary>What a desktop app would show for the state, as it stands.</summary>
/// <param name="Code">One of a closed list: <c>local_mode</c>, <c>no_server</c>, <c>signed_out</c>, <c>offline</c>, <c>token_expired</c>, <c>token_revoked</c>, <c>token_invalid</c>, <c>device_mismatch</c>, <c>sync_disabled</c>, <c>account_restricted</c>, <c>credential_unavailable</c>, <c>account_changed</c>, <c>journal_unavailable</c>, <c>needs_attention</c>, <c>not_sent</c>, <c>not_confirmed</c>.</param>
/// <param name="Text">For people, without technical words.</param>
/// <param name="Action">What a button would do: <c>none</c>, <c>turn_on</c>, <c>pair</c>, <c>open_account_page</c>, <c>choose</c>, <c>run_doctor</c>, <c>show_dead_letters</c>, <c>show_status</c>.</param>
/// <param name="Command">The same for the command line; null when there is none.</param>
public sealed record NoticeView(string Code, string Text, string Action, string? Command);

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

/// <param name="Conflicts">Values that another device overwrote; the newest 10,000 are kept. -1 where it is not known.</param>
/// <param name="Quarantined">Changes that could not be merged, likewise.</param>
public sealed record InboundView(long Conflicts, long Quarantined);

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
