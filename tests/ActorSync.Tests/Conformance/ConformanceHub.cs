using ActorSync.Host.Conformance;
using ActorSync.Hub;
using ActorSync.Hub.Store;
using ActorSync.Platform;

namespace ActorSync.Tests.Conformance;

/// <summary>A hub of ours on loopback, with real time, that hands out all that a full run can use.</summary>
public sealed class ConformanceHub : IAsyncDisposable
{
    private readonly string _folder;
    private readonly HubServer _hub;
    private int _runs;

    private ConformanceHub(string folder, HubServer hub) => (_folder, _hub) = (folder, hub);

    public Uri Address => _hub.Addresses[0];

    internal static async Task<ConformanceHub> StartAsync(HubLimits? limits = null)
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-conformance-").FullName;
        return new ConformanceHub(folder, await HubServer.StartAsync(new HubOptions { DataDirectory = folder, Limits = limits ?? new() }));
    }

    /// <summary>Accounts that nobody used before, and everything that the command may be given.</summary>
    /// <param name="at">Where the run calls; null for the hub itself.</param>
    internal async Task<ConformanceInput> InputAsync(Uri? at = null)
    {
        var run = Interlocked.Increment(ref _runs);
        var disabled = await TokenAsync($"closed-{run}", "device-d");
        await _hub.SetAccountStatusAsync($"closed-{run}", AccountStatus.SyncDisabled);
        return new ConformanceInput(at ?? Address, await TokenAsync($"ada-{run}", "device-a"))
        {
            SecondToken = await TokenAsync($"ada-{run}", "device-b"),
            OtherAccountToken = await TokenAsync($"grace-{run}", "device-c"),
            PairingCode = (await _hub.CreatePairingCodeAsync($"ada-{run}")).Code,
            ExpiredToken = await _hub.IssueTokenAsync($"ada-{run}", "device-a", TimeSpan.FromMinutes(-1)),
            DisabledToken = disabled,
        };
    }

    internal Task<string> TokenAsync(string account, string device) => _hub.IssueTokenAsync(account, device, TimeSpan.FromHours(1));

    internal static Task<ConformanceReport> RunAsync(ConformanceInput input, params string[] only) =>
        ConformanceRun.RunAsync(
            input with
            {
                Only = only,
            },
            TimeProvider.System,
            new SystemChance(),
            progress: null,
            CancellationToken.None
        );

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
