using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class SignOutCommand
{
    public static VerbCommand Create() =>
        new VerbCommand("sign-out", "Removes the credential; the hub's address and the queue stay", "actorsync sign-out").Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var done = await door.AskAsync(Calls.SignOut, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(done, HostJson.Default.Empty);
            }
            else
            {
                call.Line("signed out; what is queued stays and is sent after the next sign-in");
            }

            return ExitCodes.Done;
        });
}
