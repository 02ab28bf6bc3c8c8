using System.CommandLine;
using ActorSync.Host.Terminal;
using ActorSync.Hub;
using ActorSync.Hub.Admin;
using ActorSync.Hub.Store;

namespace ActorSync.Host.Commands;

/// <summary>What an operator does to a hub: through the one that runs in the folder, or to its files when none does.</summary>
internal static class HubAdminCommands
{
    public static IEnumerable<VerbCommand> All() => [Accounts(), Code(), Revoke(), Status(), Compact()];

    private static VerbCommand Accounts() =>
        new VerbCommand("accounts", "The accounts and their devices", "actorsync hub accounts --json").Runs(async call =>
        {
            var answer = await AskAsync(call, new AdminAsk(AdminCall.Accounts));
            if (call.Json)
            {
                return Show(call, answer, "");
            }

            foreach (var account in answer.Accounts!)
            {
                call.Line(
                    $"{account.Handle}: {Word(account.Status)}, {account.LastId} operations, {account.CompactedTo} of them compacted"
                );
                foreach (var device in account.Devices)
                {
                    var revoked = device.Revoked ? ", revoked" : "";
                    call.Line(
                        $"  {device.Id} {device.Name}: {device.Operations} operations, seen {Plain.Time(device.LastSeenAt)}{revoked}"
                    );
                }
            }

            return ExitCodes.Done;
        });

    private static VerbCommand Code()
    {
        var account = Account();
        return new VerbCommand("code", "A new code, to pair a device or to sign in with a browser", "actorsync hub code --account ada")
        {
            account,
        }.Runs(async call =>
        {
            var answer = await AskAsync(call, new AdminAsk(AdminCall.Code, call.Get(account)));
            return Show(call, answer, $"code for {call.Get(account)}: {answer.Code}, until {Plain.Time(answer.ExpiresAt!.Value)}");
        });
    }

    private static VerbCommand Revoke()
    {
        var account = Account();
        var device = new Argument<string>("DEVICE") { Description = "A device id, as 'actorsync hub accounts' prints it" };
        return new VerbCommand(
            "revoke",
            "Ends all that a device signs in with, at once; it may pair again",
            "actorsync hub revoke 018f3c5a-7b00-7000-8000-00000000000a --account ada"
        )
        {
            device,
            account,
        }.Runs(async call =>
        {
            var answer = await AskAsync(call, new AdminAsk(AdminCall.Revoke, call.Get(account), call.Get(device)));
            return answer.Found
                ? Show(call, answer, "revoked")
                : throw Unknown($"account '{call.Get(account)}' has no device '{call.Get(device)}'");
        });
    }

    private static VerbCommand Status()
    {
        var account = Account();
        var status = new Argument<string>("STATUS") { Description = "active, disabled (sync is switched off) or restricted" };
        status.AcceptOnlyFromAmong("active", "disabled", "restricted");
        return new VerbCommand(
            "set-status",
            "Lets an account sync, or not; pairings stay",
            "actorsync hub set-status disabled --account ada"
        )
        {
            status,
            account,
        }.Runs(async call =>
        {
            var wanted = call.Get(status) switch
            {
                "active" => AccountStatus.Active,
                "disabled" => AccountStatus.SyncDisabled,
                _ => AccountStatus.Restricted,
            };
            var answer = await AskAsync(call, new AdminAsk(AdminCall.Status, call.Get(account), Status: wanted));
            return answer.Found
                ? Show(call, answer, $"{call.Get(account)} is {Word(wanted)}")
                : throw Unknown($"there is no account '{call.Get(account)}'");
        });
    }

    private static VerbCommand Compact() =>
        new VerbCommand("compact", "Compacts now what the hub need not keep", "actorsync hub compact").Runs(async call =>
        {
            var answer = await AskAsync(call, new AdminAsk(AdminCall.Compact));
            return Show(call, answer, $"{answer.Count} operations compacted");
        });

    private static Option<string> Account() =>
        new("--account")
        {
            Description = "Whose",
            HelpName = "NAME",
            DefaultValueFactory = _ => "default",
        };

    private static async Task<AdminAnswer> AskAsync(VerbCall call, AdminAsk ask)
    {
        if (ask.Account is not null && string.IsNullOrWhiteSpace(ask.Account))
        {
            throw Failures.Usage("--account", "the name is empty");
        }

        try
        {
            return await AdminDoor.AskAsync(new HubOptions { DataDirectory = call.Folder.Hub }, ask, call.Stop);
        }
        catch (HubException failure)
        {
            throw new SyncException(failure.Code, failure.Message, failure.Remedy, failure);
        }
    }

    private static int Show(VerbCall call, AdminAnswer answer, string line)
    {
        if (call.Json)
        {
            call.Document(answer, AdminJson.Default.AdminAnswer);
        }
        else
        {
            call.Line(line);
        }

        return ExitCodes.Done;
    }

    private static SyncException Unknown(string message) => new("unknown_account", message, "see 'actorsync hub accounts'");

    private static string Word(AccountStatus status) =>
        status switch
        {
            AccountStatus.Active => "active",
            AccountStatus.SyncDisabled => "disabled",
            _ => "restricted",
        };
}
