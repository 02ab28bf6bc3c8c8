using System.Text.Json;
using ActorSync.IntegrationTests.Cli;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Bench;

/// <summary>No other test of this assembly runs beside these.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>The published benchmark, short: each ratio to its raw control reaches four fifths of its gate.</summary>
/// <remarks>
/// What else a machine does takes from ours, which uses two cores, more than from the control, which uses one; so what is possible is the best of some
/// tries. A regression that is one in every try is what fails.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class GateTests(ITestOutputHelper output)
{
    private const double Share = 0.8;
    private const int Tries = 8;

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(1000)]
    public Task Durable_enqueue_keeps_up_with_a_raw_loop(int callers) =>
        ReachAsync("enqueue", "--callers", $"{callers}", "--seconds", "1", "--rounds", "1");

    [Fact]
    public Task A_drain_keeps_up_with_a_raw_loop() => ReachAsync("drain", "--operations", "50000", "--rounds", "1");

    private async Task ReachAsync(params string[] bench)
    {
        var best = new SortedDictionary<string, (double Ratio, double Gate)>(StringComparer.Ordinal);
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            var run = await ActorSyncProcess.RunAsync(["bench", .. bench, "--json"]);
            run.Code.ShouldBe(0, run.Error);
            foreach (var row in run.Document.GetProperty("rows").EnumerateArray())
            {
                Take(row, attempt, best);
            }

            best.ShouldNotBeEmpty();
            if (best.Values.All(row => row.Ratio >= Share * row.Gate))
            {
                return;
            }
        }

        best.ShouldAllBe(row => row.Value.Ratio >= Share * row.Value.Gate, $"the best of {Tries} tries");
    }

    private void Take(JsonElement row, int attempt, SortedDictionary<string, (double Ratio, double Gate)> best)
    {
        var name = row.GetProperty("name").GetString()!;
        var (ratio, gate) = (row.GetProperty("ratio").GetDouble(), row.GetProperty("gate").GetDouble());
        output.WriteLine(
            $"try {attempt}: {name}: {row.GetProperty("ours_per_second").GetDouble():N0}/s, raw {row.GetProperty("control_per_second").GetDouble():N0}/s, "
                + $"ratio {ratio:F2}, at least {Share * gate:F2}"
        );
        best[name] = best.TryGetValue(name, out var known) && known.Ratio > ratio ? known : (ratio, gate);
    }
}
