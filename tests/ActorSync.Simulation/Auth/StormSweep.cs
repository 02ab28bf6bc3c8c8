using System.Diagnostics;
using ActorSync.Simulation.Faults;

namespace ActorSync.Simulation.Auth;

/// <summary>Many storms, and the proof that their judge can see.</summary>
public static class StormSweep
{
    private static readonly (StormPlant Plant, string Invariant)[] Detectors =
    [
        (StormPlant.Stale401Clears, "I4"),
        (StormPlant.SharedFlag, "I6"),
        (StormPlant.CaptureAtStart, "A2"),
        (StormPlant.TwoRefreshes, "I5"),
        (StormPlant.NoLease, "I7"),
    ];

    /// <summary>How often each trouble strikes at least, a storm.</summary>
    public static IReadOnlyDictionary<string, double> Minimums { get; } =
        new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["paired again"] = 0.3,
            ["paired again at a step"] = 0.3,
            ["signed out"] = 0.3,
            ["revoked"] = 0.3,
            ["killed"] = 0.3,
            ["store failed"] = 0.3,
            ["actor crashed"] = 0.3,
            ["answer late"] = 1,
            ["answer lost"] = 1,
            ["hub misbehaved"] = 3,
            ["losses"] = 0.1,
            ["refreshes"] = 2,
        };

    public static StormSweepResult Run(int worlds, int firstSeed, int threads = 2)
    {
        var clock = Stopwatch.StartNew();
        var next = firstSeed - 1;
        var gate = new Lock();
        var (failures, counters) = (new List<StormResult>(), new Counters());
        var players = Enumerable
            .Range(0, threads)
            .Select(_ => new Thread(() =>
            {
                for (int seed; (seed = Interlocked.Increment(ref next)) < firstSeed + worlds; )
                {
                    var result = Play(StormSwarm.Of(seed));
                    lock (gate)
                    {
                        counters.AddAll(result.Counters.Counts);
                        if (result.Violations.Count > 0)
                        {
                            failures.Add(result);
                        }
                    }
                }
            }))
            .ToList();
        players.ForEach(static player => player.Start());
        players.ForEach(static player => player.Join());
        return new StormSweepResult(worlds, failures, counters, clock.Elapsed);
    }

    /// <summary>By plant the first seed whose judge noticed it by the right name, null when none of so many did.</summary>
    public static IReadOnlyDictionary<StormPlant, int?> ProveDetectors(int seeds = 200) =>
        Detectors.ToDictionary(
            static x => x.Plant,
            x =>
                Enumerable
                    .Range(1, seeds)
                    .Select(static seed => (int?)seed)
                    .FirstOrDefault(seed =>
                        AuthStorm
                            .Run(StormSwarm.Of(seed!.Value), x.Plant)
                            .Violations.Any(violation => violation.StartsWith(x.Invariant + ":", StringComparison.Ordinal))
                    )
        );

    /// <summary>The digest of a storm, for a comparison with its second playing.</summary>
    public static string DigestOf(int seed) => AuthStorm.Run(StormSwarm.Of(seed)).Digest;

    private static StormResult Play(StormSwarm swarm)
    {
        try
        {
            return AuthStorm.Run(swarm);
        }
        catch (Exception error)
        {
            return new StormResult(swarm, StormPlant.None, [$"the world broke: {error}"], "", new Counters(), []);
        }
    }
}

public sealed record StormSweepResult(int Worlds, IReadOnlyList<StormResult> Failures, Counters Counters, TimeSpan Took)
{
    public override string ToString() =>
        string.Join('\n', Counters.Counts.Select(static x => $"  {x.Value, 12:N0}  {x.Key}"))
        + $"\n{Worlds} storms, {Failures.Count} violations, {Took.TotalSeconds:F0} s";
}
