using ActorSync.Hub.Store;

namespace ActorSync.Hub;

/// <summary>How much of an account's log can be pulled. What is older is compacted: a client that is further behind takes a snapshot.</summary>
/// <remarks>An operation is compacted when none of the three bounds keeps it.</remarks>
internal sealed record HubRetention
{
    /// <summary>Whoever reads a snapshot, which may take an hour, pulls from where that began.</summary>
    public static readonly TimeSpan LeastAge = TimeSpan.FromHours(2);

    /// <summary>So many of the newest stay.</summary>
    /// <value>Default 100,000.</value>
    public long Operations { get; init; } = 100_000;

    /// <summary>Younger ones stay. Not below <see cref="LeastAge"/>.</summary>
    /// <value>Default 30 days.</value>
    public TimeSpan Age { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What a device has not acknowledged stays, until the device was silent for so long or is revoked. One that never acknowledged keeps nothing.</summary>
    /// <value>Default 90 days.</value>
    public TimeSpan Silence { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How often the logs are looked at.</summary>
    /// <value>Default 1 hour.</value>
    public TimeSpan Every { get; init; } = TimeSpan.FromHours(1);

    /// <exception cref="HubException"><c>hub_setting</c>.</exception>
    public void Check()
    {
        if (Operations < 0 || Age < LeastAge || Silence < TimeSpan.Zero || Every <= TimeSpan.Zero)
        {
            throw new HubException(
                "hub_setting",
                $"the retention ({Operations} operations, {Age}, {Silence}, every {Every}) is out of range",
                $"operations and silence from 0, age from {LeastAge}, every above 0"
            );
        }
    }

    /// <summary>The id up to which an account may be compacted, its operations' ages apart.</summary>
    /// <param name="account">Whose log.</param>
    /// <param name="now">Unix milliseconds.</param>
    public long Bound(AccountState account, long now)
    {
        var heard = now - (long)Silence.TotalMilliseconds;
        var bound = Math.Min(account.LastId - Operations, account.FoldedId);
        foreach (var device in account.Devices)
        {
            if (device.RevokedAt is null && device.AckedId > 0 && device.AckedAt >= heard)
            {
                bound = Math.Min(bound, device.AckedId);
            }
        }

        return bound;
    }

    /// <summary>What was taken later than this stays. Unix milliseconds.</summary>
    public long YoungerThan(long now) => now - (long)Age.TotalMilliseconds;
}
