using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ActorSync.Host.Bench;

/// <summary>One measured pair: ours against a control, both in the same run.</summary>
/// <param name="Name">Such as <c>enqueue, 64 callers</c>.</param>
/// <param name="OursPerSecond">Operations a second, the median of the rounds.</param>
/// <param name="ControlPerSecond">The same for the raw control; null when there is none.</param>
/// <param name="Ratio">Ours over control, the median of the rounds' ratios.</param>
/// <param name="Gate">What the ratio is to reach; null when it is shown for scale only.</param>
internal sealed record BenchRow(
    string Name,
    double OursPerSecond,
    double? ControlPerSecond,
    double? Ratio,
    double? WorstRatio,
    double? Gate,
    double? P50Milliseconds = null,
    double? P99Milliseconds = null,
    double? MaxMilliseconds = null,
    double? BytesAllocatedPerOperation = null,
    string? Note = null
);

/// <summary>A figure with a bound.</summary>
internal sealed record BenchFigure(string Name, double Value, string Unit, double? AtMost);

internal sealed record BenchReport(string Machine, ImmutableList<BenchRow> Rows, ImmutableList<BenchFigure> Figures);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJson : JsonSerializerContext;

internal static class BenchMath
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }

    /// <param name="sorted">Ascending.</param>
    public static double Percentile(long[] sorted, double share, long frequency) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)((sorted.Length - 1) * share)] * 1000.0 / frequency;
}
