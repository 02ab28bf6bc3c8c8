using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ActorSync.Host;
using ActorSync.Host.Terminal;
using ActorSync.Tests.Host;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Conformance;

public sealed class ConformanceCommandTests
{
    [Fact]
    public async Task A_run_that_passes_is_a_table_for_people_and_exit_0()
    {
        await using var hub = await ConformanceHub.StartAsync();

        var result = await RunAsync(hub.Address, await hub.TokenAsync("ada", "device-a"), "--only", "probes", "--only", "push");

        result.Code.ShouldBe(ExitCodes.Done, result.Error);
        result.Out.ShouldContain("passed   push.stores_in_order");
        result.Out.ShouldContain("10 passed, 0 failed, 0 skipped");
        result.Error.ShouldContain("writing test data into the account of --token");
    }

    [Fact]
    public async Task With_json_it_is_one_document()
    {
        await using var hub = await ConformanceHub.StartAsync();

        var result = await RunAsync(
            hub.Address,
            await hub.TokenAsync("ada", "device-a"),
            "--only",
            "probes",
            "--only",
            "tokens.expired",
            "--json"
        );

        result.Code.ShouldBe(ExitCodes.Done, result.Error);
        using var document = JsonDocument.Parse(result.Out);
        var report = document.RootElement;
        report.EnumerateObject().Select(m => m.Name).ShouldBe(["hub", "version", "protocol", "passed", "failed", "skipped", "checks"]);
        report.GetProperty("hub").GetString().ShouldBe(hub.Address.AbsoluteUri);
        report.GetProperty("protocol").GetInt64().ShouldBe(1);
        (report.GetProperty("passed").GetInt32(), report.GetProperty("skipped").GetInt32()).ShouldBe((2, 1));
        var skipped = report.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("result").GetString() == "skipped");
        skipped.EnumerateObject().Select(m => m.Name).ShouldBe(["id", "rule", "title", "result", "reason"]);
        skipped.GetProperty("reason").GetString().ShouldBe("needs --expired-token");
    }

    [Fact]
    public async Task A_failed_check_is_exit_1_and_says_the_rule()
    {
        await using var hub = await ConformanceHub.StartAsync();
        var deviation = new Deviation { Tell = (asked, told) => asked.Path == "/health" ? told with { Body = "{}"u8.ToArray() } : told };
        await using var deviant = await DeviantHub.StartAsync(hub.Address, deviation);

        var result = await RunAsync(deviant.Address, await hub.TokenAsync("ada", "device-a"), "--only", "probes");

        result.Code.ShouldBe(ExitCodes.Failed);
        result.Out.ShouldContain("failed   probes.health");
        result.Out.ShouldContain("'status' is missing");
        result.Out.ShouldContain("rule: Probes");
    }

    [Fact]
    public async Task A_token_that_the_hub_refuses_is_exit_3()
    {
        await using var hub = await ConformanceHub.StartAsync();

        var result = await RunAsync(hub.Address, "a.b.c");

        result.Code.ShouldBe(ExitCodes.NotSignedIn);
        result.Error.ShouldContain("token_invalid");
    }

    [Fact]
    public async Task A_token_is_read_from_stdin()
    {
        await using var hub = await ConformanceHub.StartAsync();
        var token = await hub.TokenAsync("ada", "device-a");
        using var output = new StringWriter();
        var io = new HostIo
        {
            Out = output,
            Error = TextWriter.Null,
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes($"{token}\n")),
            Stop = CancellationToken.None,
        };

        var code = await Cli.RunAsync(["conformance", "--url", hub.Address.AbsoluteUri, "--token", "-", "--only", "account.me"], io);

        code.ShouldBe(ExitCodes.Done);
        output.ToString().ShouldContain("passed   account.me");
    }

    [Fact]
    public async Task A_token_whose_account_may_not_sync_is_exit_3()
    {
        await using var hub = await ConformanceHub.StartAsync();

        var result = await RunAsync(hub.Address, (await hub.InputAsync()).DisabledToken!);

        result.Code.ShouldBe(ExitCodes.NotSignedIn);
        result.Error.ShouldContain("sync_disabled");
    }

    [Fact]
    public async Task What_is_no_hub_is_exit_1_and_says_what_it_missed()
    {
        await using var hub = await ConformanceHub.StartAsync();
        var page = new Deviation { Tell = (_, told) => told with { Body = "<html>"u8.ToArray() } };
        await using var portal = await DeviantHub.StartAsync(hub.Address, page);

        var result = await RunAsync(portal.Address, await hub.TokenAsync("ada", "device-a"));

        result.Code.ShouldBe(ExitCodes.Failed);
        result.Error.ShouldContain("not_a_hub");
        result.Error.ShouldContain("a body that is no JSON");
    }

    [Fact]
    public async Task Where_nothing_answers_it_is_exit_4()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}");
        closed.Stop();

        var result = await RunAsync(address, "a.b.c", "--json");

        result.Code.ShouldBe(ExitCodes.HubUnreachable);
        JsonDocument.Parse(result.Out).RootElement.GetProperty("error").GetString().ShouldBe("hub_unreachable");
    }

    [Theory]
    [InlineData("conformance", "--token", "a.b.c")]
    [InlineData("conformance", "--url", "http://127.0.0.1:1")]
    [InlineData("conformance", "--url", "not an address", "--token", "a.b.c")]
    [InlineData("conformance", "--url", "http://127.0.0.1:1", "--token", "a b")]
    [InlineData("conformance", "--url", "http://127.0.0.1:1", "--token", "-")]
    [InlineData("conformance", "--url", "http://127.0.0.1:1", "--token", "a.b.c", "--only", "nothing.of.this")]
    public async Task A_wrong_usage_is_exit_2(params string[] args) => (await CliResult.RunAsync(args)).Code.ShouldBe(ExitCodes.Usage);

    private static Task<CliResult> RunAsync(Uri hub, string token, params string[] more) =>
        CliResult.RunAsync(["conformance", "--url", hub.AbsoluteUri, "--token", token, .. more]);
}
