using ActorSync.Host.Control;

namespace ActorSync.Host.Commands;

internal static class TokenCommand
{
    // A JWT of our hub has a few hundred bytes; what is far beyond was not meant to be one.
    private const int MaxToken = 64 << 10;

    public static VerbCommand Create() =>
        new("token", "Signs in with a pasted token", "actorsync token set --hub https://hub.example.com < token.txt") { Set() };

    private static VerbCommand Set()
    {
        var hub = Arguments.Hub("The hub's address; without it, the one this profile has");
        return new VerbCommand("set", "Reads the token from stdin", "actorsync token set --hub https://hub.example.com < token.txt")
        {
            hub,
        }.Runs(async call =>
        {
            var token = await ReadAsync(call);
            await using var door = await call.OpenAsync();
            var address = await SignIn.HubAsync(call, door, call.Get(hub));
            return await SignIn.ShowAsync(call, door.AskAsync(Calls.UseToken, new SignInAsk(address, token), call.Stop));
        });
    }

    private static async Task<string> ReadAsync(VerbCall call)
    {
        if (call.Io.ErrorIsTerminal && !Console.IsInputRedirected)
        {
            call.Say("paste the token, then Enter");
        }

        using var input = new StreamReader(call.Io.OpenInput());
        var token = (await input.ReadLineAsync(call.Stop))?.Trim() ?? "";
        return token.Length is > 0 and <= MaxToken
            ? token
            : throw Failures.Usage("stdin", token.Length == 0 ? "there is no token" : "this is too long for a token");
    }
}
