using System.Net;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>An operator at a hub that runs in another process.</summary>
public sealed class HubAdminTests : IDisposable
{
    private readonly CliFolder _folder = new();
    private readonly CliFolder _device = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Fact]
    public async Task An_operator_pairs_switches_off_and_revokes_at_the_running_hub()
    {
        await using var hub = ActorSyncProcess.Start(["hub", "--urls", "http://127.0.0.1:0", "--json", "--data", _folder.Data]);
        var url = (await hub.UpAsync()).GetProperty("urls")[0].GetString()!;
        var code = (await AdminAsync("code", "--account", "ada")).Document.GetProperty("code").GetString()!;
        (await CliAsync("pair", code, "--hub", url)).Code.ShouldBe(0);
        (await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set")).Code.ShouldBe(0);
        (await CliAsync("drain")).Code.ShouldBe(0);

        var accounts = (await AdminAsync("accounts")).Document.GetProperty("accounts");
        var ada = accounts.EnumerateArray().Single(a => a.GetProperty("handle").GetString() == "ada");
        ada.GetProperty("status").GetString().ShouldBe("active");
        ada.GetProperty("last_id").GetInt64().ShouldBe(1);
        var device = ada.GetProperty("devices")[0].GetProperty("id").GetString()!;

        (await AdminAsync("set-status", "disabled", "--account", "ada")).Code.ShouldBe(0);
        (await CliAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set")).Code.ShouldBe(0);
        (await CliAsync("drain")).Code.ShouldBe(3, "sync is switched off");
        (await AdminAsync("set-status", "active", "--account", "ada")).Code.ShouldBe(0);
        (await AdminAsync("revoke", device, "--account", "ada")).Code.ShouldBe(0);
        (await AdminAsync("revoke", "nobody", "--account", "ada")).Document.GetProperty("error").GetString().ShouldBe("unknown_account");
        (await AdminAsync("accounts")).Document.GetProperty("accounts").ToString().ShouldContain("\"revoked\":true");
        (await AdminAsync("set-status", "gone", "--account", "ada")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task A_hub_started_with_a_fault_has_it()
    {
        await using var hub = ActorSyncProcess.Start([
            "hub",
            "--urls",
            "http://127.0.0.1:0",
            "--fault",
            "GET /health=503",
            "--json",
            "--data",
            _folder.Data,
        ]);
        using var client = new HttpClient { BaseAddress = new Uri((await hub.UpAsync()).GetProperty("urls")[0].GetString()!) };
        (await client.GetAsync("/health")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await client.GetAsync("/ready")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private Task<CliRun> AdminAsync(params string[] args) => ActorSyncProcess.RunAsync(["hub", .. args, "--json", "--data", _folder.Data]);

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _device.Data]);
}
