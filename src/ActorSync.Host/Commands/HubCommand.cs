using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;
using ActorSync.Hub;
using Serilog.Events;

namespace ActorSync.Host.Commands;

internal sealed record HubDocument(ImmutableArray<string> Urls, string Account, string Code, DateTimeOffset ExpiresAt);

internal static class HubCommand
{
    public static VerbCommand Create()
    {
        var urls = new Option<string[]>("--urls")
        {
            Description = "Where to listen; several are divided by ;",
            HelpName = "URL",
            DefaultValueFactory = _ => ["http://127.0.0.1:5080"],
        };
        var account = new Option<string>("--account")
        {
            Description = "Whom the pairing code is for; made when it is new",
            HelpName = "NAME",
            DefaultValueFactory = _ => "default",
        };
        return new VerbCommand(
            "hub",
            "The reference hub; prints a pairing code for the account",
            "actorsync hub --account ada",
            "actorsync hub --urls http://127.0.0.1:5080 --account ada --data /var/lib/actorsync-hub"
        )
        {
            urls,
            account,
        }.Runs(call =>
            RunAsync(
                call,
                [.. call.Get(urls)!.SelectMany(static u => u.Split(';', StringSplitOptions.RemoveEmptyEntries))],
                call.Get(account)!
            )
        );
    }

    private static async Task<int> RunAsync(VerbCall call, ImmutableArray<string> urls, string account)
    {
        var folder = call.Folder;
        using var hostLock = HostLock.Take(folder);
        await using var log = HostLog.Start(folder, LogEventLevel.Information);
        DataFolder.CreatePrivate(folder.Hub);
        await using var server = await Hubs.StartAsync(
            new HubOptions
            {
                DataDirectory = folder.Hub,
                Urls = urls,
                Logs = log.Factory,
            },
            call.Stop,
            urlsFlag: "--urls"
        );
        var code = await server.CreatePairingCodeAsync(account);
        ImmutableArray<string> addresses = [.. server.Addresses.Select(static a => a.ToString())];
        if (call.Json)
        {
            call.Document(new HubDocument(addresses, account, code.Code, code.ExpiresAt), HostJson.Default.HubDocument);
        }
        else
        {
            call.Line($"hub at {string.Join(", ", addresses)}");
            call.Line($"pairing code for {account}: {code.Code}, until {Plain.Time(code.ExpiresAt)}");
            call.Line($"on a device: actorsync pair {code.Code} --hub {addresses[0]}");
        }

        ServiceManager.Ready(call.Io.Variable);
        await Until.StoppedAsync(call.Stop);
        ServiceManager.Stopping(call.Io.Variable);
        return ExitCodes.Done;
    }
}
