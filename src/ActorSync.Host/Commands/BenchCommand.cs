using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Bench;

namespace ActorSync.Host.Commands;

/// <summary>The published benchmarks. Every figure stands beside a raw control that was measured in the same run.</summary>
internal static class BenchCommand
{
    private static readonly string[] Parts = ["enqueue", "drain", "depth", "latency", "snapshot"];
    private static readonly string[] OfChildren = ["sink", "probe", "first-sync"];

    private static readonly Argument<string[]> What = new("what")
    {
        Description = "enqueue, drain, depth, latency, snapshot; all of them when none is named",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "Length of one measured slice",
        DefaultValueFactory = _ => 2,
    };
    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Pairs of slices; medians are shown",
        DefaultValueFactory = _ => 3,
    };
    private static readonly Option<int?> Callers = new("--callers")
    {
        Description = "Of the enqueue part only the shapes with so many callers; all of them without it",
    };
    private static readonly Option<int> Operations = new("--operations") { Description = "Of a drain", DefaultValueFactory = _ => 200_000 };
    private static readonly Option<int> Depth = new("--depth")
    {
        Description = "Pending operations of the depth run",
        DefaultValueFactory = _ => 1_000_000,
    };
    private static readonly Option<int> Changes = new("--changes")
    {
        Description = "Of the latency run",
        DefaultValueFactory = _ => 10_000,
    };
    private static readonly Option<double> Every = new("--every")
    {
        Description = "Milliseconds between two changes of the latency run",
        DefaultValueFactory = _ => 20,
    };
    private static readonly Option<int> Rows = new("--rows") { Description = "Of a snapshot", DefaultValueFactory = _ => 100_000 };
    private static readonly Option<string?> Folder = new("--folder") { Hidden = true };
    private static readonly Option<string?> Hub = new("--hub") { Hidden = true };
    private static readonly Option<string?> Code = new("--code") { Hidden = true };

    public static VerbCommand Create()
    {
        var command = new VerbCommand(
            "bench",
            "Measures durable enqueue, the drain, a deep backlog, changes between devices and a first sync, with raw controls in the same run",
            "actorsync bench",
            "actorsync bench enqueue --seconds 3 --json",
            "actorsync bench snapshot --rows 1000000"
        );
        command.Arguments.Add(What);
        foreach (var option in new Option[] { Seconds, Rounds, Callers, Operations, Depth, Changes, Every, Rows, Folder, Hub, Code })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var unknown = result
                .GetValue(What)!
                .FirstOrDefault(part =>
                    !OfChildren.Contains(part, StringComparer.Ordinal) && !Parts.Contains(part, StringComparer.Ordinal)
                );
            if (unknown is not null)
            {
                result.AddError($"bench: '{unknown}' is none of {string.Join(", ", Parts)}");
            }
        });
        return command.Runs(RunAsync);
    }

    private static Task<int> RunAsync(VerbCall call) =>
        call.Get(What) switch
        {
            ["sink"] => SinkAsync(call),
            ["probe"] => ProbeAsync(call),
            ["first-sync"] => FirstSyncAsync(call),
            var parts => MeasureAsync(call, parts is { Length: > 0 } ? parts : Parts),
        };

    private static async Task<int> SinkAsync(VerbCall call)
    {
        await SinkHub.RunAsync(call.Io.Out, call.Stop);
        return ExitCodes.Done;
    }

    private static async Task<int> ProbeAsync(VerbCall call)
    {
        await new DepthBench(call.Io.Time, operations: 0).ProbeHereAsync(call.Get(Folder)!, call.Get(Hub)!, call.Io.Out, call.Stop);
        return ExitCodes.Done;
    }

    private static async Task<int> FirstSyncAsync(VerbCall call)
    {
        await PullBench.SyncHereAsync(call.Get(Folder)!, call.Get(Hub)!, call.Get(Code)!, call.Io.Time, call.Io.Out, call.Stop);
        return ExitCodes.Done;
    }

    private static async Task<int> MeasureAsync(VerbCall call, string[] parts)
    {
        // Not in a validator: there an option that was not given has no value yet, not even its default.
        AtLeast("--seconds", call.Get(Seconds), double.Epsilon, "more than 0");
        AtLeast("--rounds", call.Get(Rounds), 1, "1 or more");
        if (call.Get(Callers) is { } callers && !EnqueueBench.Knows(callers))
        {
            throw Failures.Usage("--callers", $"no shape has {callers} callers");
        }

        AtLeast("--operations", call.Get(Operations), 1000, "1000 or more");
        AtLeast("--depth", call.Get(Depth), 1, "1 or more");
        AtLeast("--changes", call.Get(Changes), 1, "1 or more");
        AtLeast("--every", call.Get(Every), 0, "0 or more");
        AtLeast("--rows", call.Get(Rows), 1, "1 or more");
        var progress = new Progress<string>(what => call.Say($"measuring: {what}"));
        var (time, rounds) = (call.Io.Time, call.Get(Rounds));
        var rows = ImmutableList<BenchRow>.Empty;
        var figures = ImmutableList<BenchFigure>.Empty;
        if (parts.Contains("enqueue", StringComparer.Ordinal))
        {
            rows = rows.AddRange(
                await new EnqueueBench(time, TimeSpan.FromSeconds(call.Get(Seconds)), rounds).RunAsync(
                    call.Get(Callers),
                    progress,
                    call.Stop
                )
            );
        }

        if (parts.Contains("drain", StringComparer.Ordinal))
        {
            rows = rows.AddRange(await new DrainBench(time, call.Get(Operations) / 1000 * 1000, rounds).RunAsync(progress, call.Stop));
        }

        if (parts.Contains("depth", StringComparer.Ordinal))
        {
            figures = await new DepthBench(time, call.Get(Depth)).RunAsync(progress, call.Stop);
        }

        if (parts.Contains("latency", StringComparer.Ordinal))
        {
            var every = TimeSpan.FromMilliseconds(call.Get(Every));
            figures = figures.AddRange(await new LatencyBench(time, call.Get(Changes), every).RunAsync(progress, call.Stop));
        }

        if (parts.Contains("snapshot", StringComparer.Ordinal))
        {
            var (row, growth) = await new PullBench(time, call.Get(Rows), rounds).RunAsync(progress, call.Stop);
            (rows, figures) = (rows.Add(row), figures.AddRange(growth));
        }

        Show(call, new BenchReport($"{Environment.ProcessorCount} cores, {Environment.OSVersion.VersionString}", rows, figures));
        return ExitCodes.Done;
    }

    private static void AtLeast(string flag, double given, double least, string bound)
    {
        if (!(given >= least))
        {
            throw Failures.Usage(flag, $"{given} is too little; it must be {bound}");
        }
    }

    private static void Show(VerbCall call, BenchReport report)
    {
        if (call.Json)
        {
            call.Document(report, BenchJson.Default.BenchReport);
            return;
        }

        call.Line(report.Machine);
        foreach (var row in report.Rows)
        {
            call.Line(
                $"{row.Name, -40} {row.OursPerSecond, 10:N0}/s  raw {row.ControlPerSecond, 10:N0}/s  ratio {row.Ratio:F2} (worst {row.WorstRatio:F2}, to reach {row.Gate:F2})"
                    + (row.P99Milliseconds is { } p99 ? $"  p50 {row.P50Milliseconds:F2} p99 {p99:F2} max {row.MaxMilliseconds:F1} ms" : "")
                    + (row.BytesAllocatedPerOperation is { } bytes ? $"  {bytes:F0} B/op" : "")
            );
        }

        foreach (var figure in report.Figures)
        {
            call.Line($"{figure.Name, -52} {figure.Value, 10:F2} {figure.Unit}{(figure.AtMost is { } most ? $" (at most {most})" : "")}");
        }
    }
}
