using ActorSync.Simulation.PowerCuts;
using ActorSync.TestKit.Disk;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Simulation;

/// <summary>What the real journal keeps when the power goes. ACTORSYNC_IMAGES=40000 is the full sweep.</summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private static readonly int Images = int.TryParse(Environment.GetEnvironmentVariable("ACTORSYNC_IMAGES"), out var images)
        ? images
        : 8_000;

    [Theory]
    [InlineData(DirectoryRule.Ext4Like)]
    [InlineData(DirectoryRule.PosixMinimal)]
    [Trait("criterion", "Q1")]
    public void No_power_cut_takes_what_was_accepted(DirectoryRule rule)
    {
        output.WriteLine(JournalSweep.Run(Images / 2, rule, seed: 1, out var lost));
        lost.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "Q1")]
    public void With_normal_synchronisation_the_same_sweep_shows_losses()
    {
        output.WriteLine(JournalSweep.Run(Images / 8, DirectoryRule.Ext4Like, seed: 1, out var lost, "NORMAL"));
        lost.ShouldBeGreaterThan(Images / 80);
    }
}
