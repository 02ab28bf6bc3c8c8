using System.CommandLine;
using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class GetCommand
{
    public static VerbCommand Create()
    {
        var entity = new Argument<string>("ENTITY") { Description = "The kind of thing" };
        var id = new Argument<string?>("ID") { Description = "Which one; all of the kind without it", Arity = ArgumentArity.ZeroOrOne };
        var after = new Option<string?>("--after") { Description = "Go on behind this id", HelpName = "ID" };
        var limit = Arguments.Limit(100);
        return new VerbCommand(
            "get",
            "What is known of an entity, with what the hub has not confirmed yet laid over",
            "actorsync get playlist",
            "actorsync get playlist p1 --json"
        )
        {
            entity,
            id,
            after,
            limit,
        }.Runs(async call =>
        {
            var (kind, one) = (call.Get(entity)!, call.Get(id));
            await using var door = await call.OpenAsync();
            var ask = new EntitiesAsk(kind, one, call.Get(after), one is null ? call.Get(limit) : 1);
            var found = await door.AskAsync(Calls.Entities, ask, call.Stop);
            if (one is not null && found.Entities.IsEmpty)
            {
                throw new SyncException(
                    "unknown_entity",
                    $"there is no {kind} '{one}'",
                    $"see 'actorsync get {kind}' for those that are known"
                );
            }

            if (call.Json)
            {
                call.Document(found, HostJson.Default.EntitiesAnswer);
                return ExitCodes.Done;
            }

            foreach (var each in found.Entities)
            {
                call.Line(
                    $"{each.Entity} {each.EntityId}{(each.Deleted ? "  (deleted)" : "")}{(each.Pending ? "  (not confirmed yet)" : "")}"
                );
                foreach (var (register, value) in each.Registers)
                {
                    call.Line($"  {(register.Length == 0 ? "(value)" : register)} = {value}");
                }
            }

            return ExitCodes.Done;
        });
    }
}
