using ActorSync.Host.Control;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class ReconcileCommand
{
    public static VerbCommand Create() =>
        new VerbCommand(
            "reconcile",
            "Compares the replica with the hub's, and brings over what either lacks",
            "actorsync reconcile",
            "actorsync reconcile --json"
        ).Runs(RunAsync);

    private static async Task<int> RunAsync(VerbCall call)
    {
        await using var door = await call.OpenAsync(Need.Sending);
        var report = await door.AskAsync(Calls.Reconcile, Empty.Value, call.Stop);
        if (call.Json)
        {
            call.Document(report, HostJson.Default.ReconcileReport);
        }
        else if (report.Stopped is { } why)
        {
            call.Line($"stopped: {why}");
        }
        else
        {
            call.Line(
                report.Differed
                    ? $"they differed; {Plain.Count(report.Sent)} rows were sent, and they are {(report.Equal ? "equal" : "not equal")} now"
                    : "equal"
            );
        }

        return report switch
        {
            { Stopped: { } why } => ExitCodes.OfStoppedPass(why),
            { Equal: false } => ExitCodes.Failed,
            _ => ExitCodes.Done,
        };
    }
}
