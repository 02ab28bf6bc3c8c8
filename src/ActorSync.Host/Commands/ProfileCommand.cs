using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;

namespace ActorSync.Host.Commands;

internal static class ProfileCommand
{
    public static VerbCommand Create() =>
        new(
            "profile",
            "Account bindings, any number side by side: each has its own journal, credential, clock and device id",
            "actorsync profile list",
            "actorsync profile create work"
        )
        {
            List(),
            Make(),
            Use(),
            Remove(),
        };

    private static VerbCommand List() =>
        new VerbCommand("list", "Shows them, with their state when a host runs them", "actorsync profile list --json").Runs(call =>
            AskAsync(call, HostCalls.Profiles, Empty.Value, static _ => Task.CompletedTask)
        );

    private static VerbCommand Make()
    {
        var name = Name("1 to 64 letters, digits, '.', '_' or '-'");
        return new VerbCommand("create", "Makes one; a running host starts it at once", "actorsync profile create work") { name }.Runs(
            call =>
            {
                ProfileBook.Check("NAME", call.Get(name)!);
                var ask = new ProfileAsk(call.Get(name)!);
                return AskAsync(call, HostCalls.CreateProfile, ask, profiles => profiles.CreateAsync(ask.Name, call.Stop));
            }
        );
    }

    private static VerbCommand Use()
    {
        var name = Name("One of 'actorsync profile list'");
        return new VerbCommand("use", "Makes it the default, for verbs without --profile", "actorsync profile use work") { name }.Runs(
            call =>
            {
                var ask = new ProfileAsk(call.Get(name)!);
                return AskAsync(
                    call,
                    HostCalls.UseProfile,
                    ask,
                    profiles =>
                    {
                        profiles.Use(ask.Name);
                        return Task.CompletedTask;
                    }
                );
            }
        );
    }

    private static VerbCommand Remove()
    {
        var name = Name("One of 'actorsync profile list', but not the default");
        var yes = new Option<bool>("--yes") { Description = "Also when operations have not reached the hub; they go to a file" };
        return new VerbCommand(
            "remove",
            "Exports what was not sent, signs out, and takes the profile's folder away",
            "actorsync profile remove work",
            "actorsync profile remove work --yes"
        )
        {
            name,
            yes,
        }.Runs(async call =>
        {
            var ask = new ProfileAsk(call.Get(name)!, call.Get(yes));
            ProfileBook.Check("NAME", ask.Name);
            await using var host = await call.TryOpenHostAsync();
            RemovedProfileDocument removed;
            if (host is not null)
            {
                removed = await host.AskAsync(HostCalls.RemoveProfile, ask, call.Stop);
            }
            else
            {
                using var profiles = Alone(call);
                removed = await profiles.RemoveAsync(ask.Name, ask.Yes, call.Stop);
            }

            if (call.Json)
            {
                call.Document(removed, HostJson.Default.RemovedProfileDocument);
                return ExitCodes.Done;
            }

            call.Line($"profile {removed.Name} is gone");
            if (removed.File is { } file)
            {
                call.Line($"{Plain.Count(removed.Exported)} operations that had not reached the hub are in {file}");
            }

            return ExitCodes.Done;
        });
    }

    private static async Task<int> AskAsync<TAsk>(
        VerbCall call,
        HostCall<TAsk, ProfilesDocument> ask,
        TAsk question,
        Func<HostProfiles, Task> alone
    )
    {
        await using var host = await call.TryOpenHostAsync();
        ProfilesDocument answer;
        if (host is not null)
        {
            answer = await host.AskAsync(ask, question, call.Stop);
        }
        else
        {
            using var profiles = Alone(call);
            await alone(profiles);
            answer = new ProfilesDocument(await profiles.ListAsync(call.Stop));
        }

        if (call.Json)
        {
            call.Document(answer, HostJson.Default.ProfilesDocument);
            return ExitCodes.Done;
        }

        foreach (var profile in answer.Profiles)
        {
            var state = profile.Running ? $"{profile.State} ({profile.Reason})" : "not running";
            call.Line(
                $"{(profile.Default ? "*" : " ")} {profile.Name, -24} {state}{(profile.Account is { } a ? $", {a} at {profile.Hub}" : "")}"
            );
        }

        return ExitCodes.Done;
    }

    private static HostProfiles Alone(VerbCall call)
    {
        call.Folder.Create();
        return new HostProfiles(call.Folder, runtime: null, call.Io.Time);
    }

    private static Argument<string> Name(string description) => new("NAME") { Description = description };
}
