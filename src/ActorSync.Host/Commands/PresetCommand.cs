using System.CommandLine;

namespace ActorSync.Host.Commands;

internal static class PresetCommand
{
    public static VerbCommand Create()
    {
        var name = new Argument<string>("NAME") { Description = "fast, balanced, saver, or one of the settings' own" };
        return new VerbCommand("preset", "How often the lanes look by themselves", "actorsync preset saver") { name }.Runs(call =>
            ConfigCommand.SetAsync(call, "preset", call.Get(name))
        );
    }
}
