using System.Text.Json;
using ActorSync.Hub;
using ActorSync.IntegrationTests.Cli;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Browser;

/// <summary>Sign-in as a person does it: the command line in one process, a real browser at the hub's page.</summary>
public sealed class ChromiumTests : IDisposable
{
    private const string Chromium = "/usr/bin/chromium";
    private readonly CliFolder _folder = new();

    [NeedsFact(Chromium)]
    [Trait("criterion", "A15")]
    [Trait("criterion", "X2")]
    public async Task A_person_signs_in_with_a_browser_and_the_command_goes_on_by_itself()
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = Path.Combine(_folder.Data, "hub") });
        var device = Path.Combine(_folder.Data, "device");
        await using var command = ActorSyncProcess.Start([
            "sign-in",
            "--no-browser",
            "--hub",
            hub.Addresses[0].AbsoluteUri,
            "--data",
            device,
            "--json",
        ]);
        var address = await PageAsync(command);

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"] }
        );
        var page = await browser.NewPageAsync();
        var refusals = new List<string>();
        page.Console += (_, message) => refusals.Add(message.Text);
        await page.GotoAsync(address);
        await page.GetByLabel("Sign-in code").FillAsync("AAAAAAAA");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        (await page.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldNotBeEmpty();
        command.HasExited.ShouldBeFalse();

        var code = await hub.CreatePairingCodeAsync("ada");
        await page.GetByLabel("Sign-in code").FillAsync(code.Code);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByText("You may close this window")).ToBeVisibleAsync();

        var end = await command.EndAsync();
        end.Code.ShouldBe(0, end.Error);
        using var signedIn = JsonDocument.Parse(end.Out);
        signedIn.RootElement.GetProperty("hub").GetString().ShouldBe(hub.Addresses[0].AbsoluteUri);
        refusals.ShouldNotContain(text => text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase));
        var status = await ActorSyncProcess.RunAsync("status", "--json", "--data", device);
        using var shown = JsonDocument.Parse(status.Out);
        shown.RootElement.GetProperty("auth").GetProperty("state").GetString().ShouldBe("signed_in");
        end.Out.ShouldNotContain(code.Code);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<string> PageAsync(ActorSyncProcess command)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var tries = 0; tries < 600; tries++)
        {
            if (command.Error.Split('\n').FirstOrDefault(line => line.Contains("/authorize?", StringComparison.Ordinal)) is { } line)
            {
                return line.Trim();
            }

            command.HasExited.ShouldBeFalse(command.Error);
            await tick.WaitForNextTickAsync();
        }

        throw new TimeoutException($"no page was shown: {command.Error}");
    }
}
