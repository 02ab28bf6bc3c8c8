using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Import;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

/// <param name="Skipped">Taken by an earlier run.</param>
internal sealed record ImportDocument(
    long Stored,
    long Duplicates,
    long Skipped,
    long Bad,
    ImmutableArray<string> FirstBad,
    long Lines,
    bool Interrupted,
    double Seconds,
    double PerSecond
);

internal static class ImportCommand
{
    public static VerbCommand Create()
    {
        var file = new Argument<string>("FILE") { Description = "NDJSON, plain or .gz; - for stdin" };
        var skipBad = new Option<bool>("--skip-bad") { Description = "Leave bad lines out, count them, and end with exit code 6" };
        return new VerbCommand(
            "import",
            """Takes a file of operations over: lines of {"entity","entity_id","op","field"?,"payload"?,"lane"?,"schema"?,"operation_id"?}""",
            "actorsync import edits.ndjson",
            "actorsync import edits.ndjson.gz --skip-bad",
            "zcat edits.ndjson.gz | actorsync import -"
        )
        {
            file,
            skipBad,
        }.Runs(call => RunAsync(call, call.Get(file)!, call.Get(skipBad)));
    }

    private static async Task<int> RunAsync(VerbCall call, string file, bool skipBad)
    {
        await using var source = await ImportSource.OpenAsync(file, call.Io.OpenInput, call.Folder, call.Stop);
        await using var door = await call.OpenAsync();
        var progress = new ImportProgress();
        var started = call.Io.Time.GetTimestamp();
        var device = (await door.AskAsync(Calls.Status, Empty.Value, call.Stop)).DeviceId;
        var work = new Importer(door, call.Io.Time, source, skipBad, progress) { Device = device }.RunAsync(call.Stop);
        var rate = new Rate(call.Io.Time);
        var result = await Gauges.ShowAsync(call.Io, work, () => [Gauge(progress, rate)]);
        var took = call.Io.Time.GetElapsedTime(started);
        Print(call, result, took);
        return result switch
        {
            { Interrupted: true } => ExitCodes.Interrupted,
            { Bad: > 0 } => ExitCodes.SomeRefused,
            _ => ExitCodes.Done,
        };
    }

    public static Gauge Gauge(ImportProgress progress, Rate rate)
    {
        var note = progress.Waiting ?? $"{Plain.Count(progress.Taken)} ops, {Plain.Count((long)rate.Sample(progress.Taken))}/s";
        return new Gauge("into journal", progress.TotalBytes > 0 ? (double)progress.Bytes / progress.TotalBytes : null, note);
    }

    private static void Print(VerbCall call, ImportResult result, TimeSpan took)
    {
        var perSecond = Rate.PerSecond(result.Stored, took);
        if (call.Json)
        {
            call.Document(
                new ImportDocument(
                    result.Stored,
                    result.Duplicates,
                    result.Skipped,
                    result.Bad,
                    result.FirstBad,
                    result.Lines,
                    result.Interrupted,
                    Math.Round(took.TotalSeconds, 3),
                    perSecond
                ),
                HostJson.Default.ImportDocument
            );
        }
        else
        {
            call.Line(
                $"{Plain.Count(result.Stored)} stored, {Plain.Count(result.Duplicates)} known already, {Plain.Count(result.Skipped)} taken by an earlier run, {Plain.Count(result.Bad)} bad; {took.TotalSeconds:0.0} s, {Plain.Count((long)perSecond)}/s"
            );
        }

        foreach (var bad in result.FirstBad)
        {
            call.Say($"left out: {bad}");
        }

        if (result.Bad > result.FirstBad.Length)
        {
            call.Say($"left out: {Plain.Count(result.Bad - result.FirstBad.Length)} more");
        }

        if (result.Interrupted)
        {
            call.Say("interrupted between two batches; run the same command again to go on from there");
        }
    }
}
