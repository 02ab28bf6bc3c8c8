using ActorSync.Simulation.Auth;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Simulation;

/// <summary>Storms around one credential, over the real actors. ACTORSYNC_AUTH_WORLDS=5000 is the long sweep; a failure prints the command that replays it.</summary>
public sealed class AuthStormTests(ITestOutputHelper output)
{
    private static readonly int Worlds = int.TryParse(Environment.GetEnvironmentVariable("ACTORSYNC_AUTH_WORLDS"), out var worlds)
        ? worlds
        : 300;

    [Fact]
    [Trait("criterion", "S2")]
    [Trait("criterion", "A1")]
    [Trait("criterion", "A2")]
    [Trait("criterion", "A4")]
    [Trait("criterion", "A6")]
    [Trait("criterion", "A7")]
    [Trait("criterion", "A10")]
    [Trait("criterion", "H2")]
    [Trait("criterion", "Q8")]
    public void No_storm_wipes_a_fresh_token_refreshes_twice_at_a_time_claims_a_loss_without_proof_or_is_green_without_a_receipt()
    {
        var result = StormSweep.Run(Worlds, firstSeed: 1);
        output.WriteLine(result.ToString());
        result.Failures.Select(static x => x.Describe()).ShouldBeEmpty();
        foreach (var (trouble, share) in StormSweep.Minimums)
        {
            result.Counters[trouble].ShouldBeGreaterThanOrEqualTo((long)(share * Worlds), trouble);
        }
    }

    /// <summary>Storms that a fault was found by. In these a lane's second refusal passed for the confirmation of a loss.</summary>
    [Theory]
    [InlineData(184)]
    [InlineData(1125)]
    [InlineData(1158)]
    [Trait("criterion", "D13")]
    public void A_storm_that_found_a_fault_stays_quiet(int seed) =>
        StormSweep.Run(1, firstSeed: seed).Failures.Select(static x => x.Describe()).ShouldBeEmpty();

    [Fact]
    public void Each_planted_fault_is_caught_within_200_storms()
    {
        var caught = StormSweep.ProveDetectors();
        output.WriteLine(string.Join(", ", caught.Select(static x => $"{x.Key}: seed {x.Value}")));
        caught.Where(static x => x.Value is null).Select(static x => x.Key).ShouldBeEmpty();
    }

    [Fact]
    [Trait("criterion", "I22")]
    public void A_storm_is_decided_by_its_seed() => StormSweep.DigestOf(7).ShouldBe(StormSweep.DigestOf(7));
}
