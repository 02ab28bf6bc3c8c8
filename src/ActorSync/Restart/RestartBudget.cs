using System.Collections.Immutable;

namespace ActorSync.Restart;

/// <summary>How many failures a child may have in a window.</summary>
internal sealed record RestartLimit(int Failures, TimeSpan Window)
{
    public override string ToString() => $"{Failures} in {Window}";
}

/// <summary>The failures of a child within the window. Pure: time is the scheduler's and comes in as data, so that it is virtual where the scheduler is.</summary>
internal sealed record RestartBudget(RestartLimit Limit, ImmutableQueue<TimeSpan> Failures)
{
    public static RestartBudget Of(RestartLimit limit) => new(limit, []);

    /// <summary>Books one failure; <c>Within</c> is false from the first one that is over the limit.</summary>
    public (RestartBudget Next, bool Within) Spend(TimeSpan now)
    {
        var recent = Failures.Enqueue(now);
        while (now - recent.Peek() >= Limit.Window)
        {
            recent = recent.Dequeue();
        }

        return (this with { Failures = recent }, recent.Count() <= Limit.Failures);
    }
}
