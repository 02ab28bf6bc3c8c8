using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class DigestCommand
{
    public static VerbCommand Create() =>
        new VerbCommand(
            "digest",
            "The digest of what the hub has confirmed; equal to the hub's when both hold the same",
            "actorsync digest",
            "actorsync digest --json"
        ).Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var digest = await door.AskAsync(Calls.Digest, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(digest, HostJson.Default.DigestDocument);
                return ExitCodes.Done;
            }

            call.Line(digest.Digest);
            foreach (var (entity, part) in digest.Entities)
            {
                call.Line($"  {part}  {entity}");
            }

            return ExitCodes.Done;
        });
}
