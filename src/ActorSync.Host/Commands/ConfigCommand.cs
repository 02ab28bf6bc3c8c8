using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

/// <param name="Value">Null: not set, the default holds.</param>
internal sealed record SettingDocument(string Key, string? Value);

internal static class ConfigCommand
{
    public static VerbCommand Create() =>
        new("config", "Settings of the profile, applied without a restart", "actorsync config get", "actorsync config set preset saver")
        {
            Get(),
            Set(),
        };

    /// <summary>Changes one setting and prints it: also <c>mode</c> and <c>preset</c>.</summary>
    public static async Task<int> SetAsync(VerbCall call, string key, string? value)
    {
        await using var door = await call.OpenAsync();
        var patch = ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add(key, value);
        var now = await door.AskAsync(Calls.PatchSettings, new SettingsAsk(patch), call.Stop);
        return Show(call, key, now.Settings.GetValueOrDefault(key));
    }

    public static int Show(VerbCall call, string key, string? value)
    {
        if (call.Json)
        {
            call.Document(new SettingDocument(key, value), HostJson.Default.SettingDocument);
        }
        else
        {
            call.Line($"{key} = {value ?? "(default)"}");
        }

        return ExitCodes.Done;
    }

    private static VerbCommand Get()
    {
        var key = new Argument<string?>("KEY")
        {
            Description = "hub, mode or preset; all of them without one",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new VerbCommand("get", "Shows what is set", "actorsync config get", "actorsync config get preset") { key }.Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var all = await door.AskAsync(Calls.Settings, Empty.Value, call.Stop);
            if (call.Get(key) is { } one)
            {
                return Show(call, one, all.Settings.GetValueOrDefault(one));
            }

            if (call.Json)
            {
                call.Document(all, HostJson.Default.SettingsDocument);
                return ExitCodes.Done;
            }

            foreach (var (name, value) in all.Settings)
            {
                call.Line($"{name} = {value}");
            }

            return ExitCodes.Done;
        });
    }

    private static VerbCommand Set()
    {
        var key = new Argument<string>("KEY") { Description = "hub, mode or preset" };
        var value = new Argument<string>("VALUE") { Description = "The new value; \"\" goes back to the default" };
        return new VerbCommand("set", "Changes one", "actorsync config set mode local", "actorsync config set preset \"\"")
        {
            key,
            value,
        }.Runs(call => SetAsync(call, call.Get(key)!, call.Get(value) is { Length: > 0 } given ? given : null));
    }
}
