using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using ActorSync.Hosting;

namespace ActorSync.Host.Commands;

internal static class LogLevelCommand
{
    private static readonly Argument<string?> Actor = new("ACTOR")
    {
        Description = "A path of 'actorsync actors', or names in a row of one; without it, what holds is shown",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Argument<string?> Level = new("LEVEL")
    {
        Description = $"{string.Join(", ", LogWords.Levels)}, or {LogWords.Default}",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> For = new("--for") { Description = "Goes back by itself after this time", HelpName = "TIME" };

    public static VerbCommand Create() =>
        new VerbCommand(
            "log-level",
            "Raises or lowers what 'actorsync logs' gets of an actor and all below it",
            "actorsync log-level sync/drain-bulk DEBUG --for 5m",
            "actorsync log-level /user/actorsync/profiles/default default",
            "actorsync log-level --json"
        )
        {
            Actor,
            Level,
            For,
        }.Runs(RunAsync);

    private static async Task<int> RunAsync(VerbCall call)
    {
        var (actor, level, time) = (call.Get(Actor), call.Get(Level), call.Get(For));
        if (actor is not null)
        {
            _ = LogWords.Actor(actor);
            _ = level == LogWords.Default ? default : LogWords.Level(level);
        }

        var seconds = time is null
            ? (double?)null
            : LogWords
                .Bounded(
                    (
                        SettingValue.Time(time) ?? throw Failures.Usage("--for", $"'{time}' is no time", "give 1s to 1d, such as 5m")
                    ).TotalSeconds
                )
                .TotalSeconds;
        await using var door = await call.OpenHostAsync();
        var now = await door.AskAsync(HostCalls.Level, new LevelAsk(actor, level, seconds), call.Stop);
        if (call.Json)
        {
            call.Document(now, HostJson.Default.LevelsDocument);
            return ExitCodes.Done;
        }

        call.Line($"{now.Default, -8} (default)");
        foreach (var rule in now.Levels)
        {
            call.Line($"{rule.Level, -8} {rule.Actor}{(rule.Until is { } until ? $"  until {Plain.Time(until)}" : "")}");
        }

        return ExitCodes.Done;
    }
}
