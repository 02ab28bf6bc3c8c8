using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using ActorSync.Auth.Browser;
using ActorSync.Host.Control;
using ActorSync.Platform;

namespace ActorSync.Host.Commands;

internal static class SignInCommand
{
    private const int DefaultSeconds = 300;

    public static VerbCommand Create()
    {
        var hub = Arguments.Hub("The hub's address; without it, the one this profile has");
        var noBrowser = new Option<bool>("--no-browser")
        {
            Description = "Only print the page's address; open it in a browser of this machine",
        };
        var wait = new Option<int>("--wait-seconds")
        {
            Description = "How long to wait for the browser, 1 to 3600",
            DefaultValueFactory = _ => DefaultSeconds,
        };
        return new VerbCommand(
            "sign-in",
            "Signs in with a browser on this machine",
            "actorsync sign-in --hub https://hub.example.com",
            "actorsync sign-in --no-browser"
        )
        {
            hub,
            noBrowser,
            wait,
        }.Runs(async call =>
        {
            var seconds = call.Get(wait);
            if (seconds is < 1 or > 3600)
            {
                throw Failures.Usage("--wait-seconds", $"{seconds} is not between 1 and 3600", "give seconds, such as 300");
            }

            await using var door = await call.OpenAsync();
            var address = await SignIn.HubAsync(call, door, call.Get(hub));
            var page = AuthorizationRequest.Of(HubAddress.Parse("--hub", address));
            var code = await LoopbackSignIn.RunAsync(
                page,
                (uri, _) =>
                {
                    Show(call, uri, call.Get(noBrowser));
                    return Task.CompletedTask;
                },
                TimeSpan.FromSeconds(seconds),
                SyncPlatform.Real(),
                call.Stop
            );
            var ask = new CodeAsk(address, code.Code, code.Verifier, code.Redirect.AbsoluteUri);
            return await SignIn.ShowAsync(call, door.AskAsync(Calls.UseCode, ask, call.Stop));
        });
    }

    // The page's address holds a state and a challenge, which are worth nothing without our port and verifier.
    private static void Show(VerbCall call, Uri page, bool only)
    {
        if (!only && TryOpen(page))
        {
            call.Say("a browser was opened; sign in there. If none came up, open this page on this machine:");
        }
        else
        {
            call.Say("open this page in a browser of this machine:");
        }

        call.Io.Error.WriteLine(page.AbsoluteUri);
    }

    private static bool TryOpen(Uri page)
    {
        try
        {
            using var browser = Process.Start(
                OperatingSystem.IsWindows()
                    ? new ProcessStartInfo(page.AbsoluteUri) { UseShellExecute = true }
                    : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open")
                    {
                        ArgumentList = { page.AbsoluteUri },
                        UseShellExecute = false,
                        RedirectStandardOutput = true,
                        RedirectStandardError = true,
                    }
            );
            return browser is not null;
        }
        catch (Exception failure) when (failure is Win32Exception or InvalidOperationException)
        {
            return false;
        }
    }
}
