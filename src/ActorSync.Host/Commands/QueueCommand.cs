using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Import;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal sealed record ExportedDocument(long Exported, string File);

internal static class QueueCommand
{
    private const string Among = "in the queue";

    public static VerbCommand Create() =>
        new("queue", "What waits to be sent", "actorsync queue count", "actorsync queue export pending.ndjson")
        {
            List(),
            Count(),
            Show(),
            Park(),
            Export(),
            Clear(),
            Adopt(),
            Discard(),
        };

    private static VerbCommand List()
    {
        var limit = Arguments.Limit(50);
        var state = new Option<string>("--state") { Description = "Which of them", DefaultValueFactory = _ => "pending" };
        state.OneOf("pending", "parked");
        return new VerbCommand("list", "Shows them, oldest first", "actorsync queue list", "actorsync queue list --state parked --limit 10")
        {
            limit,
            state,
        }.Runs(call => Rows.ListAsync(call, call.Get(state)!, call.Get(limit)));
    }

    private static VerbCommand Count() =>
        new VerbCommand("count", "How many there are", "actorsync queue count --json").Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var counts = await door.AskAsync(Calls.Counts, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(counts, HostJson.Default.QueueCounts);
            }
            else
            {
                call.Line(
                    $"{Plain.Count(counts.Pending)} pending ({Plain.Count(counts.Priority)} priority, {Plain.Count(counts.Bulk)} bulk), {Plain.Count(counts.Parked)} parked, {Plain.Count(counts.Dead)} dead"
                );
            }

            return ExitCodes.Done;
        });

    private static VerbCommand Show()
    {
        var id = Arguments.OperationId();
        return new VerbCommand("show", "One of them, whole", "actorsync queue show 01890a5d-ac96-774b-bcce-b302099a8057") { id }.Runs(
            call => Rows.ShowAsync(call, call.Get(id)!, static row => row.State is "pending" or "parked", Among)
        );
    }

    private static VerbCommand Park()
    {
        var id = Arguments.OperationId();
        return new VerbCommand(
            "park",
            "Sets one aside as a dead letter, so that the others go on; 'dead retry' brings it back",
            "actorsync queue park 01890a5d-ac96-774b-bcce-b302099a8057"
        )
        {
            id,
        }.Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var changed = await door.AskAsync(Calls.Park, new IdAsk(call.Get(id)), call.Stop);
            return Rows.Changed(call, changed, "set aside", call.Get(id), Among);
        });
    }

    private static VerbCommand Export()
    {
        var file = new Argument<string>("FILE") { Description = "Where to; what is there is replaced when all is written" };
        return new VerbCommand(
            "export",
            "Pending and parked operations as NDJSON, which import reads",
            "actorsync queue export pending.ndjson"
        )
        {
            file,
        }.Runs(async call =>
        {
            var path = Path.GetFullPath(call.Get(file)!);
            await using var door = await call.OpenAsync();
            var exported = await QueueExport.WriteAsync(door, path, call.Stop);
            if (call.Json)
            {
                call.Document(new ExportedDocument(exported, path), HostJson.Default.ExportedDocument);
            }
            else
            {
                call.Line($"{Plain.Count(exported)} operations in {path}");
            }

            return ExitCodes.Done;
        });
    }

    private static VerbCommand Adopt() =>
        new VerbCommand(
            "adopt",
            "After a sign-in with another account: sends with it what the earlier one left unsent",
            "actorsync queue adopt"
        ).Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var done = await door.AskAsync(Calls.AdoptQueue, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(done, HostJson.Default.Empty);
            }
            else
            {
                call.Line("what is queued is this account's now");
            }

            return ExitCodes.Done;
        });

    private static VerbCommand Discard()
    {
        var yes = new Option<bool>("--yes") { Description = "I know that they will never reach a hub" };
        return new VerbCommand(
            "discard",
            "After a sign-in with another account: drops what the earlier one left unsent",
            "actorsync queue discard --yes"
        )
        {
            yes,
        }.Runs(async call =>
        {
            if (!call.Get(yes))
            {
                throw Failures.Usage("--yes", "this drops operations for ever; it is asked for", "export them first, then add --yes");
            }

            await using var door = await call.OpenAsync();
            return Rows.Changed(call, await door.AskAsync(Calls.DiscardQueue, Empty.Value, call.Stop), "dropped", id: null, Among);
        });
    }

    private static VerbCommand Clear()
    {
        var yes = new Option<bool>("--yes") { Description = "I know that they will never reach the hub" };
        return new VerbCommand("clear", "Drops every pending, parked and dead operation", "actorsync queue clear --yes") { yes }.Runs(
            async call =>
            {
                if (!call.Get(yes))
                {
                    throw Failures.Usage("--yes", "this drops operations for ever; it is asked for", "export them first, then add --yes");
                }

                await using var door = await call.OpenAsync();
                return Rows.Changed(call, await door.AskAsync(Calls.Clear, Empty.Value, call.Stop), "dropped", id: null, Among);
            }
        );
    }
}
