using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using Spectre.Console;

namespace ActorSync.Host.Commands;

internal static class ConflictsCommand
{
    public static VerbCommand Create() =>
        new(
            "conflicts",
            "Values that another device overwrote, and what they lost to",
            "actorsync conflicts list",
            "actorsync conflicts show 17"
        )
        {
            List(),
            Show(),
        };

    private static VerbCommand List()
    {
        var limit = Arguments.Limit(50);
        var below = new Option<long?>("--below") { Description = "Only older ones than this", HelpName = "ID" };
        return new VerbCommand("list", "Shows them, newest first", "actorsync conflicts list", "actorsync conflicts list --below 17 --json")
        {
            limit,
            below,
        }.Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var found = await door.AskAsync(
                ConflictCalls.List,
                new ConflictsAsk(call.Get(below), Math.Min(call.Get(limit), Rows.Page)),
                call.Stop
            );
            if (call.Json)
            {
                call.Document(found, HostJson.Default.ConflictsAnswer);
                return ExitCodes.Done;
            }

            var table = new Table().Border(TableBorder.Simple).AddColumns("id", "when", "entity", "lost", "by", "to", "of");
            foreach (var each in found.Conflicts)
            {
                table.AddRow(
                    new Text($"{each.Id}"),
                    new Text(Plain.Time(each.FoundAt)),
                    new Text(Plain.Text(PlaceOf(each), 80)),
                    new Text(Plain.Text(ValueOf(each.Lost), 40)),
                    new Text(Plain.Text(each.Lost.DeviceId, 36)),
                    new Text(Plain.Text(ValueOf(each.Won), 40)),
                    new Text(Plain.Text(each.Won.DeviceId, 36))
                );
            }

            call.Io.ForPeople().Write(table);
            if (found.HasMore)
            {
                call.Say($"there are older ones: 'actorsync conflicts list --below {found.Conflicts[^1].Id}'");
            }

            return ExitCodes.Done;
        });
    }

    private static VerbCommand Show()
    {
        var id = new Argument<long>("ID") { Description = "As the list prints it" };
        return new VerbCommand("show", "One of them, with both values whole", "actorsync conflicts show 17") { id }.Runs(async call =>
        {
            var one = call.Get(id);
            await using var door = await call.OpenAsync();
            var ask = new ConflictsAsk(one == long.MaxValue ? null : one + 1, 1);
            if ((await door.AskAsync(ConflictCalls.List, ask, call.Stop)).Conflicts is not [var found] || found.Id != one)
            {
                throw new SyncException(
                    "unknown_conflict",
                    $"there is no conflict {one}",
                    "see 'actorsync conflicts list'; the newest 10,000 are kept"
                );
            }

            if (call.Json)
            {
                call.Document(found, HostJson.Default.ConflictDocument);
                return ExitCodes.Done;
            }

            call.Line($"conflict    {found.Id}   found {Plain.Time(found.FoundAt)}");
            call.Line($"place       {PlaceOf(found)}");
            call.Line($"won         {ValueOf(found.Won)}");
            call.Line($"            stamp {found.Won.Lamport}   device {found.Won.DeviceId}   operation {found.Won.OperationId}");
            call.Line($"lost        {ValueOf(found.Lost)}");
            call.Line($"            stamp {found.Lost.Lamport}   device {found.Lost.DeviceId}   operation {found.Lost.OperationId}");
            return ExitCodes.Done;
        });
    }

    private static string PlaceOf(ConflictDocument conflict) =>
        $"{conflict.Entity}/{conflict.EntityId}{(conflict.Register.Length == 0 ? "" : $".{conflict.Register}")}";

    private static string ValueOf(WriteDocument write) => write.Deleted ? "(deleted)" : write.Value.ToString();
}
