using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;
using ActorSync.Hub;
using ActorSync.Hub.Http;
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
        var fault = new Option<string[]>("--fault")
        {
            Description =
                $"For trying clients out: what the hub does wrong, as {FaultRule.Form}. PATH may end in *; the first rule that matches and fires decides",
            HelpName = "RULE",
        };
        var seed = new Option<int>("--fault-seed") { Description = "Decides which requests a rate hits", HelpName = "N" };
        var hub = new VerbCommand(
            "hub",
            "The reference hub; prints a pairing code for the account",
            "actorsync hub --account ada",
            "actorsync hub --urls http://127.0.0.1:5080 --account ada --data /var/lib/actorsync-hub",
            "actorsync hub --fault \"POST /v1/me/hangar=401:token_invalid\" --fault \"*=503@5%\" --fault \"*=ok@10%+2s\" --fault-seed 7"
        )
        {
            urls,
            account,
            fault,
            seed,
        }.Runs(call =>
            RunAsync(
                call,
                [.. call.Get(urls)!.SelectMany(static u => u.Split(';', StringSplitOptions.RemoveEmptyEntries))],
                call.Get(account)!,
                Faults(call.Get(fault) ?? [], call.Get(seed))
            )
        );
        foreach (var verb in HubAdminCommands.All())
        {
            hub.Subcommands.Add(verb);
        }

        return hub;
    }

    private static HubFaults Faults(string[] rules, int seed)
    {
        try
        {
            return new HubFaults([.. rules.Select(FaultRule.Parse)], seed);
        }
        catch (HubException wrong)
        {
            throw Failures.Usage("--fault", wrong.Message, wrong.Remedy);
        }
    }

    private static async Task<int> RunAsync(VerbCall call, ImmutableArray<string> urls, string account, HubFaults faults)
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
                Faults = faults,
                AdminSocket = true,
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
            foreach (var rule in faults.Rules)
            {
                call.Say($"wrong on purpose, seed {faults.Seed}: {rule}");
            }

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
