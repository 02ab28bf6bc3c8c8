using ActorSync.Host.Control;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class ExplainCommand
{
    public static VerbCommand Create()
    {
        var id = Arguments.OperationId("OPERATION_ID");
        return new VerbCommand(
            "explain",
            "Where one operation is and why, when it is tried next, what the hub said",
            "actorsync explain 01890a5d-ac96-774b-bcce-b302099a8057"
        )
        {
            id,
        }.Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var explained = await door.AskAsync(Calls.Explain, new IdAsk(call.Get(id)), call.Stop);
            if (call.Json)
            {
                call.Document(explained, HostJson.Default.ExplanationDocument);
                return ExitCodes.Done;
            }

            call.Line($"{explained.OperationId}  {explained.Where}  ({explained.Cause})");
            call.Line(explained.Text);
            if (explained.NextTry is { } next)
            {
                call.Line($"next try  {Plain.Time(next)}, {explained.Attempts} attempts so far");
            }

            if (explained.HubSaid is { } said)
            {
                call.Line($"hub said  {said}");
            }

            return ExitCodes.Done;
        });
    }
}
