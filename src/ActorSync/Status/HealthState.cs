using System.Globalization;

namespace ActorSync.Status;

internal enum Health
{
    Off,
    Paused,
    Idle,
    Err,
    Stale,
    Ok,
}

/// <summary>Everything that a lane's health follows from. Ages are of the monotonic clock.</summary>
/// <param name="Off">Why nothing is meant to be sent; null when it is.</param>
/// <param name="Paused">Why sync is paused; null when it is not.</param>
/// <param name="Tried">Anything was tried since sending is meant.</param>
/// <param name="Error">What is wrong; null when nothing is.</param>
/// <param name="HubAge">Since the hub's last good answer; null when there was none.</param>
/// <param name="LookAge">Since the lane last looked, or got something through; null when it never did.</param>
/// <param name="OldestAge">Of the oldest operation without a receipt; null when there is none.</param>
/// <param name="Lease">How long a proof is good.</param>
internal readonly record struct HealthInputs(
    string? Off,
    string? Paused,
    bool Tried,
    string? Error,
    TimeSpan? HubAge,
    TimeSpan? LookAge,
    TimeSpan? OldestAge,
    TimeSpan Lease
);

/// <summary>Never silently green. Pure; the first that matches wins: OFF, PAUSED, IDLE, ERR, STALE, OK.</summary>
internal static class HealthState
{
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(60);

    /// <summary>Twice the expected next activity, at least a minute.</summary>
    public static TimeSpan Lease(TimeSpan interval) => interval * 2 > ShortestLease ? interval * 2 : ShortestLease;

    public static (Health State, string Reason) Judge(in HealthInputs inputs) =>
        inputs switch
        {
            { Off: { } why } => (Health.Off, why),
            { Paused: { } why } => (Health.Paused, why),
            { Tried: false } => (Health.Idle, "nothing was tried yet"),
            { Error: { } error } => (Health.Err, error),
            { HubAge: null } => (Health.Stale, "the hub has not answered yet"),
            { HubAge: { } age, Lease: var lease } when age > lease => (Health.Stale, $"the hub's last answer is {Seconds(age)} old"),
            { LookAge: null } => (Health.Stale, "the lane has not looked at its queue yet"),
            { LookAge: { } age, Lease: var lease } when age > lease => (
                Health.Stale,
                $"the lane has not looked at its queue for {Seconds(age)}"
            ),
            { OldestAge: { } age, Lease: var lease } when age > lease => (
                Health.Stale,
                $"the oldest operation waits for its receipt for {Seconds(age)}"
            ),
            _ => (Health.Ok, "the hub's last answer is within the lease"),
        };

    /// <summary>The lanes together: a lane that was not tried yet does not hide the others.</summary>
    public static Health Overall(IReadOnlyCollection<Health> lanes) =>
        lanes.Contains(Health.Off) ? Health.Off
        : lanes.Contains(Health.Paused) ? Health.Paused
        : lanes.All(lane => lane == Health.Idle) ? Health.Idle
        : lanes.Contains(Health.Err) ? Health.Err
        : lanes.Contains(Health.Stale) ? Health.Stale
        : lanes.Contains(Health.Idle) ? Health.Idle
        : Health.Ok;

    public static string Text(Health health) => health.ToString().ToUpperInvariant();

    private static string Seconds(TimeSpan age) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(age.TotalSeconds)} s");
}
