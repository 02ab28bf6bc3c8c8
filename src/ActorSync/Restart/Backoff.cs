namespace ActorSync.Restart;

/// <summary>How long to wait after the n-th failure in a row: full jitter under a ceiling that doubles from <paramref name="Min"/> to <paramref name="Max"/>.</summary>
internal sealed record BackoffLaw(TimeSpan Min, TimeSpan Max)
{
    /// <summary>The ceiling of the wait after <paramref name="failures"/> failures in a row, 1 or more.</summary>
    public TimeSpan Ceiling(int failures)
    {
        // 2^30 of even a millisecond is twelve days; beyond that doubling says nothing.
        var doubled = Min.Ticks * (double)(1L << Math.Clamp(failures - 1, 0, 30));
        return doubled >= Max.Ticks ? Max : TimeSpan.FromTicks((long)doubled);
    }

    /// <summary>Where the jitter begins, so that chance cannot make a tight loop.</summary>
    public TimeSpan Floor => Min / 10;
}

/// <summary>Failures in a row under a law. Pure: chance comes in as a number.</summary>
internal sealed record Backoff(BackoffLaw Law, int Failures = 0)
{
    public Backoff Reset() => Failures == 0 ? this : this with { Failures = 0 };

    /// <param name="chance">Uniform in [0, 1).</param>
    /// <param name="atLeast">A <c>Retry-After</c>: the wait is never shorter; a herd that got the same one is spread behind it.</param>
    public (Backoff Next, TimeSpan Wait) Fail(double chance, TimeSpan? atLeast = null)
    {
        var next = this with { Failures = Math.Min(Failures + 1, int.MaxValue - 1) };
        var jittered = Law.Floor + ((Law.Ceiling(next.Failures) - Law.Floor) * chance);
        if (atLeast is { } minimum && minimum > jittered)
        {
            jittered = minimum + (Longer(Law.Min, minimum / 10) * chance);
        }

        return (next, jittered);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
