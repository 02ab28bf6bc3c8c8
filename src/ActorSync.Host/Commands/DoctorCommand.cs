using System.Collections.Immutable;
using ActorSync.Host.Control;
using ActorSync.Host.Service;

namespace ActorSync.Host.Commands;

internal sealed record DoctorDocument(bool Healthy, ImmutableArray<Finding> Findings);

/// <param name="State">ok, warning or fault.</param>
/// <param name="Remedy">Null when there is nothing to do.</param>
internal sealed record Finding(string Check, string State, string Text, string? Remedy);

internal static class DoctorCommand
{
    public static VerbCommand Create() =>
        new VerbCommand(
            "doctor",
            "Checks permissions, journal, hub and disk; each finding with a remedy",
            "actorsync doctor",
            "actorsync doctor --json"
        ).Runs(RunAsync);

    private static async Task<int> RunAsync(VerbCall call)
    {
        var findings = await Doctor.ExamineAsync(call);
        var healthy = findings.All(static f => f.State != "fault");
        if (call.Json)
        {
            call.Document(new DoctorDocument(healthy, findings), HostJson.Default.DoctorDocument);
        }
        else
        {
            foreach (var finding in findings)
            {
                call.Line($"{finding.State, -8} {finding.Check, -12} {finding.Text}");
                if (finding.Remedy is { } remedy)
                {
                    call.Line($"         {"", -12} remedy: {remedy}");
                }
            }
        }

        return healthy ? ExitCodes.Done
            : findings.Any(static f => f is { Check: "journal", State: "fault" }) ? ExitCodes.Journal
            : ExitCodes.Failed;
    }
}
