using ActorSync.Host.Control;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class DrainCommand
{
    public static VerbCommand Create() =>
        new VerbCommand(
            "drain",
            "Pushes now, both lanes, and waits for the outcome of the pass",
            "actorsync drain",
            "actorsync drain --json"
        ).Runs(RunAsync);

    private static async Task<int> RunAsync(VerbCall call)
    {
        await using var door = await call.OpenAsync(Need.Sending);
        var report = await door.AskAsync(Calls.Drain, Empty.Value, call.Stop);
        if (!door.IsHost)
        {
            report = await WithTheStartAsync(door, report, call.Stop);
        }

        if (call.Json)
        {
            call.Document(report, HostJson.Default.DrainReport);
        }
        else
        {
            call.Line(
                $"{Plain.Count(report.Accepted)} accepted, {Plain.Count(report.Duplicate)} duplicate, {Plain.Count(report.Rejected)} rejected in {report.Batches} batches{(report.Pending < 0 ? "" : $"; {Plain.Count(report.Pending)} pending")}"
            );
            if (report.Stopped is { } why)
            {
                call.Line($"stopped: {why}{(report.NextRetry is { } next ? $", next try {Plain.Time(next)}" : "")}");
            }
        }

        return report switch
        {
            { Stopped: { } why } => ExitCodes.OfStoppedPass(why),
            { Rejected: > 0 } => ExitCodes.SomeRefused,
            _ => ExitCodes.Done,
        };
    }

    // A runtime of our own looks by itself when it starts: what went in that pass was sent by this command too.
    private static async Task<DrainReport> WithTheStartAsync(IDoor door, DrainReport report, CancellationToken stop)
    {
        var all = (await door.AskAsync(Calls.Status, Empty.Value, stop)).Drain;
        return report with { Batches = (int)all.Batches, Accepted = all.Accepted, Duplicate = all.Duplicate, Rejected = all.Rejected };
    }
}
