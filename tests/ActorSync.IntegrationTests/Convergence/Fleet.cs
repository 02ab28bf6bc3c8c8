using System.Text.Json;
using ActorSync.Hosting;
using ActorSync.IntegrationTests.Cli;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;
using Shouldly;

namespace ActorSync.IntegrationTests.Convergence;

/// <summary>A hub and devices, each a process with a folder of its own, that are killed and go on.</summary>
/// <param name="clocks">Null where all go by the machine's.</param>
internal sealed class Fleet(string folder, WallClocks? clocks) : IAsyncDisposable
{
    public const string HubName = "hub";
    private const string Account = "ada";
    private const int StartTries = 5;
    private string _url = "http://127.0.0.1:0";
    private ActorSyncProcess? _hub;

    public int HubKills { get; private set; }

    public async Task StartHubAsync()
    {
        for (var tried = 1; ; tried++)
        {
            _hub = Start(HubName, "hub", "--urls", _url, "--account", Account, "--json");
            try
            {
                _url = (await _hub.UpAsync()).GetProperty("urls")[0].GetString()!.TrimEnd('/');
                return;
            }
            catch (InvalidOperationException) when (tried < StartTries)
            {
                // While it was down somebody else may have had its port for a moment.
                await _hub.DisposeAsync();
            }
        }
    }

    /// <summary>As a power switch would, after so long; then it is started again on its files and its port.</summary>
    public async Task CutHubAsync(TimeSpan life)
    {
        (await _hub!.KillAfterAsync(life)).ShouldBeTrue($"the hub has ended by itself: {_hub.Error}");
        await _hub.DisposeAsync();
        HubKills++;
        await StartHubAsync();
    }

    public async Task<ActorSyncProcess> StartDeviceAsync(string device, string mode)
    {
        var host = Start(device, "run", "--mode", mode, "--preset", "fast", "--no-lan", "--json");
        await host.UpAsync();
        return host;
    }

    public async Task PairAsync(string device)
    {
        var paired = await CliAsync(device, "pair", await CodeAsync(), "--hub", _url);
        paired.Code.ShouldBe(0, paired.Error);
    }

    public ActorSyncProcess Import(string device, string file) => Start(device, "import", file, "--json");

    public async Task<JsonElement> AskAsync(string device, params string[] verb)
    {
        var run = await CliAsync(device, verb);
        run.Code.ShouldBe(0, $"{device}: {string.Join(' ', verb)}: {run.Error}");
        return run.Document;
    }

    public void Step(string name) => clocks?.Step(name);

    /// <summary>The hub's digest and every operation of its log, asked of the running hub over HTTP as any device would.</summary>
    public async Task<(string Digest, IReadOnlyList<PulledOp> Log)> ReadHubAsync()
    {
        var hub = new Uri(_url);
        using var http = new HubHttp(SyncOptionsReader.Read(folder).Http, SyncPlatform.Real());
        var reader = new DeviceId("01890a5d-ac96-774b-bcce-b302099a8057");
        var redeemed = HubAnswers.Redeem(
            await http.SendAsync(HubCalls.Redeem(hub, await CodeAsync(), reader, "reader", "reader"), CancellationToken.None)
        );
        var token = ((HubResult<TokenGrant>.Value)redeemed).Content.AccessToken;
        var digest = HubAnswers.Digest(await http.SendAsync(HubCalls.Digest(hub, token), CancellationToken.None));
        var log = new List<PulledOp>();
        for (var since = 0L; ; )
        {
            var reply = await http.SendAsync(HubCalls.OpsPage(hub, token, since, head: null, 1000), CancellationToken.None);
            var page = ((HubResult<OpsPage>.Value)HubAnswers.OpsPage(reply)).Content;
            log.AddRange(page.Ops.Select(static op => op with { Raw = default }));
            if (!page.HasMore)
            {
                return (((HubResult<HubDigest>.Value)digest).Content.Digest, log);
            }

            since = page.LastId;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
        }
    }

    private async Task<string> CodeAsync() =>
        (await AskAsync(HubName, "hub", "code", "--account", Account)).GetProperty("code").GetString()!;

    private async Task<CliRun> CliAsync(string name, params string[] args)
    {
        await using var process = Start(name, [.. args, "--json"]);
        return await process.EndAsync();
    }

    private ActorSyncProcess Start(string name, params string[] args) =>
        ActorSyncProcess.Start([.. args, "--data", Path.Combine(folder, name)], variables: clocks?.Of(name));
}
