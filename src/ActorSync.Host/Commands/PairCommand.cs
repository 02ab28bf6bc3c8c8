using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class PairCommand
{
    public static VerbCommand Create()
    {
        var code = new Argument<string>("CODE") { Description = "The 8 characters that the hub shows" };
        var hub = Arguments.Hub("The hub's address; without it, the one this profile has");
        return new VerbCommand("pair", "Signs in with a pairing code", "actorsync pair ABCD2345 --hub https://hub.example.com")
        {
            code,
            hub,
        }.Runs(async call =>
        {
            await using var door = await call.OpenAsync();
            var address = await SignIn.HubAsync(call, door, call.Get(hub));
            return await SignIn.ShowAsync(call, door.AskAsync(Calls.Pair, new SignInAsk(address, call.Get(code)!.Trim()), call.Stop));
        });
    }
}

/// <summary>What pairing and pasting a token have in common.</summary>
internal static class SignIn
{
    public static async Task<string> HubAsync(VerbCall call, IDoor door, string? flag)
    {
        if (flag is not null)
        {
            return flag;
        }

        var settings = await door.AskAsync(Calls.Settings, Empty.Value, call.Stop);
        return settings.Settings.TryGetValue("hub", out var known)
            ? known
            : throw Failures.Usage("--hub", "this profile has no hub yet", "give its address: --hub https://HOST");
    }

    public static async Task<int> ShowAsync(VerbCall call, Task<BindingDocument> signIn)
    {
        var binding = await signIn;
        if (call.Json)
        {
            call.Document(binding, HostJson.Default.BindingDocument);
        }
        else
        {
            call.Line(
                $"signed in at {binding.Hub} as {binding.Handle ?? binding.Account ?? "unknown"}{(binding.ExpiresAt is { } end ? $", until {Plain.Time(end)}" : "")}"
            );
        }

        return ExitCodes.Done;
    }
}
