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
    public void Without_a_sync_at_each_commit_the_same_sweep_shows_losses()
    {
        output.WriteLine(JournalSweep.Run(Images / 8, DirectoryRule.Ext4Like, seed: 1, out var lost, syncsLog: false));
        lost.ShouldBeGreaterThan(Images / 80);
    }

    [Theory]
    [InlineData(DiskCallKind.Sync, 1034)]
    [InlineData(DiskCallKind.Write, 778)]
    [InlineData(DiskCallKind.Write, 13)]
    [Trait("criterion", "Q9")]
    public void A_disk_that_fails_and_then_loses_its_power_takes_nothing_that_was_accepted(DiskCallKind kind, int code)
    {
        var (fired, bad) = JournalSweep.Fail(kind, code, firstCalls: 90);
        output.WriteLine($"{kind} {code}: {fired} runs with the fault, {bad.Count} bad: {string.Join(", ", bad.Take(20))}");
        bad.ShouldBeEmpty();
        fired.ShouldBeGreaterThan(120);
    }
}
