using System.Collections.Immutable;
using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using Microsoft.Extensions.Logging;
using Serilog.Events;

namespace ActorSync.Host.Commands;

/// <param name="ControlUrl">Where <c>--control</c> listens; null without it.</param>
internal sealed record RunDocument(
    string Profile,
    string Data,
    string? Hub,
    string Mode,
    bool SignedIn,
    string Control,
    string Lan,
    string? ControlUrl
);

internal static class RunCommand
{
    public static VerbCommand Create()
    {
        var hub = Arguments.Hub("The hub to sync with");
        var embedded = new Option<bool>("--embedded-hub") { Description = "Start a hub of its own on loopback, and pair with it" };
        var mode = new Option<string?>("--mode") { Description = "local: nothing is sent. hybrid: everything is" };
        mode.OneOf("local", "hybrid");
        var preset = new Option<string?>("--preset")
        {
            Description = "fast, balanced, saver, or one of the settings' own",
            HelpName = "NAME",
        };
        var noLan = new Option<bool>("--no-lan") { Description = "Keep off the local network" };
        return new VerbCommand(
            "run",
            "The host as a console or service process; SIGTERM and Ctrl+C end it cleanly",
            "actorsync run --hub https://hub.example.com",
            "actorsync run --embedded-hub --preset fast",
            "actorsync run --mode local --no-lan --data /var/lib/actorsync",
            "actorsync run --control http://127.0.0.1:5090"
        )
        {
            hub,
            embedded,
            mode,
            preset,
            noLan,
        }.Runs(call =>
        {
            if (call.Get(embedded) && call.Get(hub) is not null)
            {
                throw Failures.Usage("--embedded-hub", "give either this or --hub");
            }

            return RunAsync(
                call,
                call.Get(embedded),
                Patch(("hub", call.Get(hub)), ("mode", call.Get(mode)), ("preset", call.Get(preset)))
            );
        });
    }

    private static async Task<int> RunAsync(VerbCall call, bool embedded, ImmutableSortedDictionary<string, string?> patch)
    {
        var (io, folder) = (call.Io, call.Folder);
        var (options, settings) = (HostOptions.ReadAll(folder, call.Profile), HostSettings.Read(HostOptions.Layers(folder)));
        using var hostLock = HostLock.Take(folder);
        await using var log = HostLog.Start(folder, LogEventLevel.Information);
        await using var hub = embedded ? await EmbeddedHub.StartAsync(folder, io.Time, log.Factory, call.Stop) : null;
        await using var runtime = await SyncRuntime.StartAsync(options, log.Factory, cancellation: call.Stop);
        if (patch.Count > 0)
        {
            await runtime.Default.PatchSettingsAsync(patch, call.Stop);
        }

        if (hub is not null)
        {
            await hub.EnsurePairedAsync(runtime.Default, call.Stop);
        }

        using var profiles = new HostProfiles(folder, runtime, io.Time);
        var desk = new ControlDesk(runtime, profiles, io.Time);
        await using var control = await ControlServer.StartAsync(folder, desk, io.Variable, call.Stop);
        await using var remote = call.Control is { } address
            ? await RemoteControl.StartAsync(address, folder, settings, desk, call.Stop)
            : null;
        if (remote is not null)
        {
            call.Say($"listening at {remote.Address}; its token is in {ControlToken.FileOf(folder)}");
        }

        var status = await runtime.GetStatusAsync(call.Stop);
        var host = log.Factory.CreateLogger("ActorSync.Host");
        if (host.IsEnabled(LogLevel.Information))
        {
            host.LogInformation("Host is running in {Data}: {State}, {Reason}", folder.Path, status.Health.State, status.Health.Reason);
        }

        if (call.Json)
        {
            var signedIn = status.Auth.State == "signed_in";
            call.Document(
                new RunDocument(
                    status.Profile,
                    folder.Path,
                    status.Hub,
                    status.Mode,
                    signedIn,
                    control.Address,
                    status.Lan.State,
                    remote?.Address.AbsoluteUri
                ),
                HostJson.Default.RunDocument
            );
        }

        ServiceManager.Ready(io.Variable);
        await Until.StoppedAsync(runtime, call.Stop);
        ServiceManager.Stopping(io.Variable);
        host.LogInformation("Host is stopping");
        return ExitCodes.Done;
    }

    private static ImmutableSortedDictionary<string, string?> Patch(params ReadOnlySpan<(string Key, string? Value)> flags)
    {
        var patch = ImmutableSortedDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);
        foreach (var (key, value) in flags)
        {
            if (value is not null)
            {
                patch.Add(key, value);
            }
        }

        return patch.ToImmutable();
    }
}
