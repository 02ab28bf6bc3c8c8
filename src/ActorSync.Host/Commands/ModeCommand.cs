using System.CommandLine;
using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class ModeCommand
{
    public static VerbCommand Create()
    {
        var mode = new Argument<string?>("MODE")
        {
            Description = "local: nothing is sent. hybrid: everything is. Without one: shows which holds",
            Arity = ArgumentArity.ZeroOrOne,
        };
        mode.AcceptOnlyFromAmong("local", "hybrid");
        return new VerbCommand("mode", "Whether anything leaves this machine", "actorsync mode", "actorsync mode local") { mode }.Runs(
            async call =>
            {
                if (call.Get(mode) is { } chosen)
                {
                    return await ConfigCommand.SetAsync(call, "mode", chosen);
                }

                await using var door = await call.OpenAsync();
                var status = await door.AskAsync(Calls.Status, Empty.Value, call.Stop);
                return ConfigCommand.Show(call, "mode", status.Mode);
            }
        );
    }
}
