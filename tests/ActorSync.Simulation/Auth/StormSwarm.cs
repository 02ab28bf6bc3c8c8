using System.Text;
using ActorSync.TestKit;

namespace ActorSync.Simulation.Auth;

/// <summary>A fault that is put around the real actors, to see that its detector works.</summary>
public enum StormPlant
{
    None,

    /// <summary>A 401 of an older token clears the one that is stored. I4.</summary>
    Stale401Clears,

    /// <summary>The hangar, too, may say that the credential is lost, and does at its own 401. I6.</summary>
    SharedFlag,

    /// <summary>Everybody goes on with the token that was there first. A2.</summary>
    CaptureAtStart,

    /// <summary>Two refreshes at a time. I5.</summary>
    TwoRefreshes,

    /// <summary>What has lapsed is shown as OK. I7.</summary>
    NoLease,
}

/// <summary>Which troubles a storm is made of; a seed switches a random subset on.</summary>
public sealed record StormSwarm
{
    public required int Seed { get; init; }

    public Interleaving Interleaving { get; init; }

    public TimeSpan Length { get; init; }

    /// <summary>Of an access token.</summary>
    public TimeSpan Life { get; init; }

    public bool FalseRefusals { get; init; }

    public bool LateAnswers { get; init; }

    public bool LostAnswers { get; init; }

    public bool HangarRefused { get; init; }

    public bool RefreshHangs { get; init; }

    public bool RefreshRefused { get; init; }

    public bool Revocations { get; init; }

    public bool Repairs { get; init; }

    public bool SignOuts { get; init; }

    public bool Foreign { get; init; }

    public bool Disabled { get; init; }

    public bool Kills { get; init; }

    public bool StoreFails { get; init; }

    public bool AuthCrashes { get; init; }

    public static StormSwarm Of(int seed)
    {
        var random = new Random(seed);
        return new StormSwarm
        {
            Seed = seed,
            Interleaving = random.Next(2) == 0 ? Interleaving.RandomWalk : Interleaving.Pct,
            Length = TimeSpan.FromSeconds(random.Next(120, 360)),
            Life = TimeSpan.FromSeconds(random.Next(20, 150)),
            FalseRefusals = On(),
            LateAnswers = On(),
            LostAnswers = On(),
            HangarRefused = On(),
            RefreshHangs = On(),
            RefreshRefused = On(),
            Revocations = On(),
            Repairs = On(),
            SignOuts = On(),
            Foreign = On(),
            Disabled = On(),
            Kills = On(),
            StoreFails = On(),
            AuthCrashes = On(),
        };

        bool On() => random.Next(3) == 0;
    }

    public override string ToString()
    {
        var text = new StringBuilder($"storm {Seed}: {Length.TotalSeconds:F0} s, tokens of {Life.TotalSeconds:F0} s");
        foreach (var property in typeof(StormSwarm).GetProperties().Where(x => x.PropertyType == typeof(bool) && (bool)x.GetValue(this)!))
        {
            text.Append(", ").Append(property.Name);
        }

        return text.ToString();
    }
}

/// <summary>How one storm went.</summary>
public sealed record StormResult(
    StormSwarm Swarm,
    StormPlant Plant,
    IReadOnlyList<string> Violations,
    string Digest,
    Faults.Counters Counters,
    IReadOnlyList<string> Last
)
{
    public string Describe() =>
        $"""
            {Swarm}{(Plant == StormPlant.None ? "" : $", planted {Plant}")}
            {string.Join('\n', Violations.DefaultIfEmpty("no violation"))}
            digest {Digest}
            last events:
            {string.Join('\n', Last)}
            replay: dotnet run --project tests/ActorSync.Simulation -- --auth-seed {Swarm.Seed}
            """;
}
