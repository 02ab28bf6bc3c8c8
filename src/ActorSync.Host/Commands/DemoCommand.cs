using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Demo;
using ActorSync.Host.Import;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;
using ActorSync.Platform;
using ActorSync.Wire;
using Serilog.Events;
using Spectre.Console;

namespace ActorSync.Host.Commands;

/// <param name="Enqueued">Operations of the input that the journal has taken, earlier runs included; the rates are this run's.</param>
internal sealed record DemoDocument(
    long Enqueued,
    long HubOperations,
    string LocalDigest,
    string HubDigest,
    bool Equal,
    double Seconds,
    double EnqueuePerSecond,
    double DrainPerSecond
);

internal static class DemoCommand
{
    public static VerbCommand Create()
    {
        var input = new Option<string?>("--input")
        {
            Description = "NDJSON, plain or .gz, - for stdin; without it, a made-up day of a music library's edits",
            HelpName = "FILE",
        };
        var once = new Option<bool>("--once") { Description = "End when both sides agree, instead of running on" };
        return new VerbCommand(
            "demo",
            "The whole job with nothing set up: a hub of its own, pairing, import, drain, and proof that both sides agree",
            "actorsync demo",
            "actorsync demo --once --json",
            "actorsync demo --input edits.ndjson.gz --once --data ./demo"
        )
        {
            input,
            once,
        }.Runs(call => RunAsync(call, call.Get(input), call.Get(once)));
    }

    private static async Task<int> RunAsync(VerbCall call, string? input, bool once)
    {
        var (io, folder) = (call.Io, call.Folder);
        var started = io.Time.GetTimestamp();
        var options = HostOptions.Read(folder, call.Profile, online: true);
        using var hostLock = HostLock.Take(folder);
        await using var log = HostLog.Start(folder, LogEventLevel.Warning);
        await using var source = await ImportSource.OpenAsync(input ?? DemoInput.Prepare(folder), io.OpenInput, folder, call.Stop);
        await using var hub = await EmbeddedHub.StartAsync(folder, io.Time, log.Factory, call.Stop);
        await using var runtime = await SyncRuntime.StartAsync(options, log.Factory, cancellation: call.Stop);
        await hub.EnsurePairedAsync(runtime.Default, call.Stop);
        using var profiles = new HostProfiles(folder, runtime, io.Time);
        var desk = new ControlDesk(runtime, profiles, io.Time);
        await using var control = await ControlServer.StartAsync(folder, desk, io.Variable, call.Stop);
        using var http = new HubHttp(options.Http, SyncPlatform.Real(io.Time));
        var outcome = await new DemoRun(io, runtime.Default, http, hub).RunAsync(source, call.Stop);
        if (outcome is null)
        {
            throw new SyncException(
                "interrupted",
                "interrupted between two batches",
                "run the same command again on the same folder; it goes on"
            );
        }

        var document = Sum(outcome, io.Time.GetElapsedTime(started));
        Print(call, outcome, document);
        if (!once)
        {
            call.Say($"running on at {hub.Address}; try 'actorsync status --watch --data {folder.Path}'; Ctrl+C ends");
            await Until.StoppedAsync(runtime, call.Stop);
        }

        return document switch
        {
            { Equal: false } => ExitCodes.Failed,
            _ when outcome.Dead > 0 => ExitCodes.SomeRefused,
            _ => ExitCodes.Done,
        };
    }

    private static DemoDocument Sum(DemoOutcome outcome, TimeSpan took) =>
        new(
            outcome.Enqueued,
            outcome.Hub.Operations,
            outcome.LocalDigest,
            outcome.Hub.Digest,
            outcome.LocalDigest == outcome.Hub.Digest,
            Math.Round(took.TotalSeconds, 3),
            Rate.PerSecond(outcome.Import.Stored, outcome.ImportTook),
            Rate.PerSecond(outcome.Drained, outcome.Took)
        );

    private static void Print(VerbCall call, DemoOutcome outcome, DemoDocument document)
    {
        if (call.Json)
        {
            call.Document(document, HostJson.Default.DemoDocument);
            return;
        }

        // Fits 80 columns with a digest in it.
        var table = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn(new GridColumn().PadRight(0));
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        Row(
            "enqueued",
            $"{Plain.Count(document.Enqueued)}  ({Plain.Count(outcome.Import.Stored)} in this run, {Plain.Count((long)document.EnqueuePerSecond)}/s)"
        );
        Row("drained", $"{Plain.Count(outcome.Drained)} in this run, {Plain.Count((long)document.DrainPerSecond)}/s");
        Row("at the hub", $"{Plain.Count(document.HubOperations)}, read back page by page");
        Row(
            "  by kind",
            $"{Plain.Count(outcome.Hub.Inserts)} insert, {Plain.Count(outcome.Hub.Sets)} set, {Plain.Count(outcome.Hub.Deletes)} delete, {Plain.Count(outcome.Hub.Noops)} noop"
        );
        Row("local digest", document.LocalDigest);
        Row("hub digest", document.HubDigest);
        Row("equal", document.Equal ? "yes" : "NO");
        if (outcome.Dead > 0)
        {
            Row("refused", $"{Plain.Count(outcome.Dead)}: see 'actorsync dead list'");
        }

        Row("seconds", $"{document.Seconds:0.0}");
        call.Io.ForPeople().Write(table);
    }
}
