using ActorSync.Simulation;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Simulation;

/// <summary>The real tree in seeded worlds. ACTORSYNC_WORLDS=2000 is the sweep of each push; a failure prints the command that replays it.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static readonly int Worlds = int.TryParse(Environment.GetEnvironmentVariable("ACTORSYNC_WORLDS"), out var worlds)
        ? worlds
        : 400;

    [Fact]
    [Trait("criterion", "S9")]
    [Trait("criterion", "Q8")]
    [Trait("criterion", "D1")]
    [Trait("criterion", "D3")]
    [Trait("criterion", "D7")]
    [Trait("criterion", "D8")]
    [Trait("criterion", "H2")]
    [Trait("criterion", "P1")]
    [Trait("criterion", "P6")]
    [Trait("criterion", "P7")]
    [Trait("criterion", "P12")]
    [Trait("criterion", "P16")]
    [Trait("criterion", "Q13")]
    public void No_world_violates_an_invariant()
    {
        var result = Sweep.Run(Worlds, firstSeed: 1);
        output.WriteLine(result.ToString());
        result.Failures.Select(static x => x.Describe()).ShouldBeEmpty();
        result.Replays.ShouldBe(Worlds / 100);
        foreach (var (fault, share) in Sweep.Minimums)
        {
            result.Counters[fault].ShouldBeGreaterThanOrEqualTo((long)(share * Worlds), fault);
        }
    }

    [Fact]
    public void Each_planted_fault_is_caught_by_its_own_detector() => Sweep.ProveDetectors().ShouldBeEmpty();
}
