using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class UnpairCommand
{
    public static VerbCommand Create() =>
        new VerbCommand(
            "unpair",
            "Removes the credential and has the hub revoke this device; the hub's address and the queue stay",
            "actorsync unpair"
        ).Runs(async call =>
        {
            await using var door = await call.OpenAsync(Need.Sending);
            var done = await door.AskAsync(Calls.Unpair, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(done, HostJson.Default.Empty);
            }
            else
            {
                call.Line("unpaired; the hub is told as soon as it can be reached, and what is queued stays");
            }

            return ExitCodes.Done;
        });
}
