using System.CommandLine;
using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class LogsCommand
{
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on with each new line, until Ctrl+C" };

    private static readonly Option<string?> Actor = new("--actor")
    {
        Description = "Only this actor and those below it: a path of 'actorsync actors', or names in a row of one",
        HelpName = "PATH",
    };

    private static readonly Option<string?> Level = new("--level")
    {
        Description = "The lowest level; DEBUG with -f makes debug lines for as long as it follows",
        HelpName = string.Join('|', LogWords.Levels),
    };

    private static readonly Option<int> Limit = Arguments.Limit(200);

    public static VerbCommand Create() =>
        new VerbCommand(
            "logs",
            "The actors' log of the running host, live, from another console",
            "actorsync logs",
            "actorsync logs -f --actor sync --level DEBUG",
            "actorsync logs -f --json"
        )
        {
            Follow,
            Actor,
            Level,
            Limit,
        }.Runs(RunAsync);

    private static async Task<int> RunAsync(VerbCall call)
    {
        var (actor, level) = (call.Get(Actor), call.Get(Level));
        _ = LogWords.Actor(actor);
        _ = level is null ? default : LogWords.Level(level);
        await using var door = await call.OpenHostAsync();
        var ask = new LogsAsk(actor, level, call.Get(Follow), call.Get(Limit));
        try
        {
            await foreach (var line in door.LogsAsync(ask, call.Stop))
            {
                Show(call, line);
            }
        }
        catch (OperationCanceledException) when (ask.Follow && call.Stop.IsCancellationRequested)
        {
            // That is how one stops to follow.
            return ExitCodes.Done;
        }

        return ask.Follow ? throw Failures.HostGone(new EndOfStreamException("its log has ended")) : ExitCodes.Done;
    }

    private static void Show(VerbCall call, LogLineDocument line)
    {
        if (call.Json)
        {
            call.Document(line, HostJson.Default.LogLineDocument);
            return;
        }

        var lost = line.Dropped > 0 && line.Actor.Length > 0 ? $"[{line.Dropped} lines dropped] " : "";
        call.Line($"{line.At:yyyy-MM-ddTHH:mm:ss.fff}Z {line.Level, -7} {ActorsCommand.Short(line.Actor)}  {lost}{line.Text}");
        foreach (var row in line.Error?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            call.Line($"    {row.TrimEnd('\r')}");
        }
    }
}
