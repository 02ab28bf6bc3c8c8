using ActorSync.Simulation.Faults;

namespace ActorSync.Simulation.Worlds;

/// <summary>How one world went.</summary>
public sealed record WorldResult(
    Swarm Swarm,
    Plant Plant,
    IReadOnlyList<string> Violations,
    string Digest,
    TimeSpan Elapsed,
    Counters Counters,
    IReadOnlyList<string> Last
)
{
    public string Describe() =>
        $"""
            {Swarm}{(Plant == Plant.None ? "" : $", planted {Plant}")}
            {string.Join('\n', Violations.DefaultIfEmpty("no violation"))}
            digest {Digest}, virtual {Elapsed}
            last events:
            {string.Join('\n', Last)}
            replay: dotnet run --project tests/ActorSync.Simulation -- --seed {Swarm.Seed}
            """;
}

/// <summary>How long a lane may be green without a proof: twice its interval, at least a minute.</summary>
internal static class Leases
{
    public static TimeSpan Of(string preset, string lane) =>
        TimeSpan.FromSeconds(
            (preset, lane) switch
            {
                ("saver", "priority") => 120,
                ("saver", _) => 600,
                _ => 60,
            }
        );
}
