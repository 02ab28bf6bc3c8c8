using System.CommandLine;
using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class DeadCommand
{
    private const string Among = "among the dead letters";

    public static VerbCommand Create() =>
        new("dead", "Dead letters: what the hub refused for good", "actorsync dead list", "actorsync dead retry --all")
        {
            List(),
            Show(),
            Retry(),
            Discard(),
        };

    private static VerbCommand List()
    {
        var limit = Arguments.Limit(50);
        return new VerbCommand("list", "Shows them, oldest first", "actorsync dead list --limit 10") { limit }.Runs(call =>
            Rows.ListAsync(call, "dead", call.Get(limit))
        );
    }

    private static VerbCommand Show()
    {
        var id = Arguments.OperationId();
        return new VerbCommand("show", "One of them, with what the hub said", "actorsync dead show 01890a5d-ac96-774b-bcce-b302099a8057")
        {
            id,
        }.Runs(call => Rows.ShowAsync(call, call.Get(id)!, static row => row.State == "dead", Among));
    }

    private static VerbCommand Retry()
    {
        var id = Arguments.OptionalOperationId();
        var all = new Option<bool>("--all") { Description = "Every one" };
        return new VerbCommand(
            "retry",
            "Sends again, with the same id and stamp",
            "actorsync dead retry 01890a5d-ac96-774b-bcce-b302099a8057",
            "actorsync dead retry --all"
        )
        {
            id,
            all,
        }.Runs(async call =>
        {
            var (one, every) = (call.Get(id), call.Get(all));
            if (one is null != every)
            {
                throw Failures.Usage("--all", "give either one ID or --all");
            }

            await using var door = await call.OpenAsync();
            return Rows.Changed(call, await door.AskAsync(Calls.Retry, new IdAsk(one), call.Stop), "back in the queue", one, Among);
        });
    }

    private static VerbCommand Discard()
    {
        var id = Arguments.OperationId();
        var reason = new Option<string>("--reason")
        {
            Description = "Why; it is kept",
            HelpName = "TEXT",
            Required = true,
        };
        return new VerbCommand(
            "discard",
            "Gives one up; what waited behind it is free",
            "actorsync dead discard 01890a5d-ac96-774b-bcce-b302099a8057 --reason 'made by a broken build'"
        )
        {
            id,
            reason,
        }.Runs(async call =>
        {
            if (string.IsNullOrWhiteSpace(call.Get(reason)))
            {
                throw Failures.Usage("--reason", "say why the operation is given up");
            }

            await using var door = await call.OpenAsync();
            var changed = await door.AskAsync(Calls.Discard, new IdAsk(call.Get(id), call.Get(reason)), call.Stop);
            return Rows.Changed(call, changed, "given up", call.Get(id), Among);
        });
    }
}
