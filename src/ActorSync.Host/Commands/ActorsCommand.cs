using ActorSync.Host.Control;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class ActorsCommand
{
    private const string Profiles = "/user/actorsync/profiles/";

    public static VerbCommand Create() =>
        new VerbCommand(
            "actors",
            "The live actor tree: path, state, restarts, mailbox depth, last error",
            "actorsync actors",
            "actorsync actors --json"
        ).Runs(async call =>
        {
            await using var door = await call.OpenHostAsync();
            var tree = await door.AskAsync(HostCalls.Actors, new ActorsAsk(), call.Stop);
            if (call.Json)
            {
                call.Document(tree, HostJson.Default.ActorDocument);
            }
            else
            {
                call.Line($"{"actor", -40} {"state", -12} {"restarts", 8} {"mailbox", 8}  last error");
                Show(call, tree, depth: 0);
            }

            return ExitCodes.Done;
        });

    /// <summary>A path without what all of them begin with.</summary>
    public static string Short(string path) => path.StartsWith(Profiles, StringComparison.Ordinal) ? path[Profiles.Length..] : path;

    private static void Show(VerbCall call, ActorDocument actor, int depth)
    {
        var name = new string(' ', depth * 2) + actor.Path[(actor.Path.LastIndexOf('/') + 1)..];
        var next = actor.NextTry is { } at ? $" (next try {Plain.Time(at)})" : "";
        call.Line($"{name, -40} {actor.State, -12} {actor.Restarts, 8} {actor.Mailbox, 8}  {actor.LastError}{next}".TrimEnd());
        foreach (var child in actor.Children)
        {
            Show(call, child, depth + 1);
        }
    }
}
