using System.Globalization;
using ActorSync.Hub;
using ActorSync.Wire;
using Microsoft.Extensions.Logging;

namespace ActorSync.Host.Service;

/// <summary>A hub of this data folder's own, on loopback, on a port that is chosen once and kept.</summary>
internal sealed class EmbeddedHub(HubServer server, TimeProvider time) : IAsyncDisposable
{
    private const string Account = "demo";
    private const string ReaderDevice = "reader";
    private static readonly TimeSpan ReaderLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan PortPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CredentialPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public Uri Address => server.Addresses[0];

    public static async Task<EmbeddedHub> StartAsync(
        DataFolder folder,
        TimeProvider time,
        ILoggerFactory logs,
        CancellationToken cancellation
    )
    {
        DataFolder.CreatePrivate(folder.Hub);
        var portFile = Path.Combine(folder.Hub, "port");
        var kept = ReadPort(portFile);
        var server = kept is { } port ? await TryPortAsync(folder, port, time, logs, cancellation) : null;

        // The port is somebody else's now: take another. The profile is paired again, since its hub's address changed.
        server ??= await Hubs.StartAsync(Options(folder, 0, logs), cancellation);
        var hub = new EmbeddedHub(server, time);
        if (hub.Address.Port != kept)
        {
            await File.WriteAllTextAsync(portFile, hub.Address.Port.ToString(CultureInfo.InvariantCulture), cancellation);
        }

        return hub;
    }

    /// <summary>Pairs the profile with this hub unless it is already.</summary>
    /// <exception cref="SyncException">Code <c>usage</c>: the profile belongs to another hub, which is not taken from it.</exception>
    public async Task EnsurePairedAsync(SyncProfile profile, CancellationToken cancellation)
    {
        var settings = await profile.GetSettingsAsync(cancellation);
        var known = settings.TryGetValue("hub", out var text) && Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null;
        if (known is not null && known.Authority == Address.Authority && await IsSignedInAsync(profile, cancellation))
        {
            return;
        }

        if (known is not null && known.Host != Address.Host)
        {
            throw Failures.Usage(
                "--data",
                $"profile '{profile.Name}' of this folder belongs to {known}",
                "give the embedded hub a folder of its own with --data"
            );
        }

        var code = await server.CreatePairingCodeAsync(Account);
        await profile.PairAsync(Address, code.Code, cancellation);
    }

    /// <summary>A token for reading back what the hub holds.</summary>
    public async Task<AccessToken> ReaderTokenAsync() => new(await server.IssueTokenAsync(Account, ReaderDevice, ReaderLife));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    // A credential that was kept is read a moment after the start.
    private async Task<bool> IsSignedInAsync(SyncProfile profile, CancellationToken cancellation)
    {
        for (var waited = TimeSpan.Zero; waited < CredentialPatience; waited += Pause)
        {
            var auth = (await profile.GetStatusAsync(cancellation)).Auth;
            if (auth.State != "signed_out")
            {
                return auth.State == "signed_in";
            }

            await Task.Delay(Pause, time, cancellation);
        }

        return false;
    }

    private static async Task<HubServer?> TryPortAsync(
        DataFolder folder,
        int port,
        TimeProvider time,
        ILoggerFactory logs,
        CancellationToken cancellation
    )
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await Hubs.StartAsync(Options(folder, port, logs), cancellation);
            }
            catch (SyncException taken) when (taken.Code == "hub_address")
            {
                if (time.GetElapsedTime(started) > PortPatience)
                {
                    return null;
                }
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private static int? ReadPort(string file) =>
        File.Exists(file)
        && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        && port is > 0 and < 65536
            ? port
            : null;

    private static HubOptions Options(DataFolder folder, int port, ILoggerFactory logs) =>
        new()
        {
            DataDirectory = folder.Hub,
            AdminSocket = true,
            Urls = [$"http://127.0.0.1:{port}"],
            Logs = logs,
        };
}

/// <summary>Starts hubs, and tells their failures as the command line's own.</summary>
internal static class Hubs
{
    /// <param name="urlsFlag">What the person gave the addresses with, when one did.</param>
    public static async Task<HubServer> StartAsync(HubOptions options, CancellationToken cancellation, string? urlsFlag = null)
    {
        try
        {
            return await HubServer.StartAsync(options, cancellation);
        }
        catch (HubException failure)
        {
            var named = failure.Code == "hub_address" && urlsFlag is not null ? $"{urlsFlag}: " : "";
            throw new SyncException(failure.Code, named + failure.Message, failure.Remedy, failure);
        }
    }
}
