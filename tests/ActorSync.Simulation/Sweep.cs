using System.Diagnostics;
using ActorSync.Simulation.Faults;
using ActorSync.Simulation.Worlds;

namespace ActorSync.Simulation;

/// <summary>Many worlds, and the proof that their judges can see.</summary>
public static class Sweep
{
    /// <summary>Plays worlds of consecutive seeds on a few threads; one in a hundred is played twice and must come out the same.</summary>
    public static SweepResult Run(int worlds, int firstSeed, int threads = 2, Action<WorldResult>? failed = null)
    {
        var clock = Stopwatch.StartNew();
        var next = firstSeed - 1;
        var sum = new SweepSum();
        var players = Enumerable
            .Range(0, threads)
            .Select(_ => new Thread(() =>
            {
                for (int seed; (seed = Interlocked.Increment(ref next)) < firstSeed + worlds; )
                {
                    var result = Play(Swarm.Of(seed), replay: seed % 100 == 0, sum);
                    if (sum.Add(result))
                    {
                        failed?.Invoke(result);
                    }
                }
            }))
            .ToList();
        players.ForEach(static player => player.Start());
        players.ForEach(static player => player.Join());
        return new SweepResult(worlds, sum.Failures, sum.Counters, sum.Replays, clock.Elapsed);
    }

    /// <summary>Each planted fault in a few worlds; gives those that no judge noticed by the right name.</summary>
    public static IReadOnlyList<string> ProveDetectors(int worldsEach = 2)
    {
        var blind = new List<string>();
        foreach (var (plant, invariant) in Detectors)
        {
            for (var seed = 1; seed <= worldsEach; seed++)
            {
                var result = SimulatedWorld.Run(Swarm.Calm(seed), plant);
                var seen =
                    invariant == "I22"
                        ? result.Digest != SimulatedWorld.Run(Swarm.Calm(seed), plant).Digest
                        : result.Violations.Any(x => x.StartsWith(invariant + ":", StringComparison.Ordinal));
                if (!seen)
                {
                    blind.Add(
                        $"{plant} (seed {seed}) should violate {invariant}; seen: {string.Join("; ", result.Violations.DefaultIfEmpty("nothing"))}"
                    );
                }
            }
        }

        return blind;
    }

    private static readonly (Plant Plant, string Invariant)[] Detectors =
    [
        (Plant.HubForgets, "I1"),
        (Plant.DiskLies, "I1"),
        (Plant.AppliedTwice, "I2"),
        (Plant.OrderTurned, "I3"),
        (Plant.AlwaysGreen, "I7"),
        (Plant.NamedByNobody, "I8"),
        (Plant.NeverDrains, "I9"),
        (Plant.MadClient, "I16"),
        (Plant.RemoteCrash, "I17"),
        (Plant.ForeignChance, "I22"),
        (Plant.NeedlessRegression, "D7"),
        (Plant.HubRewrites, "digest"),
        (Plant.ClockRegression, "I20"),
        (Plant.Echo, "I2"),
        (Plant.SubscribeGap, "digest"),
        (Plant.ResurrectingDelete, "digest"),
    ];

    /// <summary>How often each fault strikes at least, a world; a fault that does not strike proves nothing.</summary>
    public static IReadOnlyDictionary<string, double> Minimums { get; } =
        new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["killed"] = 0.3,
            ["power cut"] = 0.3,
            ["journal restored"] = 0.05,
            ["hub restored"] = 0.1,
            ["socket died in silence"] = 0.1,
            ["frame lost"] = 0.1,
            ["partition"] = 0.05,
            ["partition, one way"] = 0.03,
            ["partition, flapping"] = 0.03,
            ["request lost"] = 0.2,
            ["answer lost"] = 0.2,
            ["answer late"] = 0.2,
            ["request duplicated"] = 0.2,
            ["hub misbehaved"] = 0.5,
            ["refused as poison"] = 0.3,
            ["actor crashed"] = 0.2,
            ["sync failed"] = 0.03,
            ["write failed"] = 0.03,
            ["disk full"] = 0.03,
            ["clock jumped"] = 0.1,
        };

    private static WorldResult Play(Swarm swarm, bool replay, SweepSum sum)
    {
        var result = PlayOne(swarm);
        if (!replay)
        {
            return result;
        }

        var again = PlayOne(swarm);
        sum.Replayed();
        return again.Digest == result.Digest
            ? result
            : result with
            {
                Violations = [.. result.Violations, $"I22: played again the digest is {again.Digest}, not {result.Digest}"],
            };
    }

    private static WorldResult PlayOne(Swarm swarm)
    {
        try
        {
            return SimulatedWorld.Run(swarm);
        }
        catch (Exception error)
        {
            return new WorldResult(swarm, Plant.None, [$"the world broke: {error}"], "", TimeSpan.Zero, new Counters(), []);
        }
    }

    private sealed class SweepSum
    {
        private readonly Lock _gate = new();

        public Counters Counters { get; } = new();

        public List<WorldResult> Failures { get; } = [];

        public int Replays { get; private set; }

        public void Replayed()
        {
            lock (_gate)
            {
                Replays++;
            }
        }

        /// <summary>True when it failed.</summary>
        public bool Add(WorldResult result)
        {
            lock (_gate)
            {
                Counters.AddAll(result.Counters.Counts);
                if (result.Violations.Count > 0)
                {
                    Failures.Add(result);
                }
            }

            return result.Violations.Count > 0;
        }
    }
}

/// <param name="Replays">Worlds that were played twice; a difference counts as a violation.</param>
public sealed record SweepResult(int Worlds, IReadOnlyList<WorldResult> Failures, Counters Counters, int Replays, TimeSpan Took)
{
    public override string ToString() =>
        string.Join('\n', Counters.Counts.Select(static x => $"  {x.Value, 12:N0}  {x.Key}"))
        + $"\n{Worlds} worlds, {Failures.Count} violations, {Replays} replayed, {Took.TotalSeconds:F0} s";
}
