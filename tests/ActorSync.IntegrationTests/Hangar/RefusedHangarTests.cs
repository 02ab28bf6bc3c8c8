using System.Text.Json;
using ActorSync.IntegrationTests.Cli;
using ActorSync.TestKit.Hubs;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Hangar;

/// <summary>A real host process, and a hub on a real socket that refuses the hangar and nothing else.</summary>
public sealed class RefusedHangarTests : IDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(30);
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("criterion", "S2")]
    [Trait("criterion", "A7")]
    public async Task A_hub_that_answers_401_to_the_hangar_alone_stops_the_hangar_alone()
    {
        await using var server = await FakeHubServer.StartAsync();
        server.With(hub => Refuse(hub, times: int.MaxValue));
        Directory.CreateDirectory(_folder.Data);
        await File.WriteAllTextAsync(Path.Combine(_folder.Data, "side.json"), """[{"name":"one"},{"name":"two"}]""");
        await File.WriteAllTextAsync(Path.Combine(_folder.Data, "actorsync.conf"), "host.hangar.source = \"side.json\"\n");
        await using var host = ActorSyncProcess.Start(["run", "--json", "--data", _folder.Data]);
        await host.UpAsync();
        var started = TimeProvider.System.GetTimestamp();
        var code = server.With(hub => hub.NewPairingCode());
        (await CliAsync("pair", code, "--hub", server.Address.ToString())).Code.ShouldBe(0);

        // It was due, and goes as soon as somebody is signed in.
        await Facts.UntilAsync(() => Count(server, "/v1/me/hangar") == 1);
        var pushed = await CliAsync("hangar", "push");
        await Facts.UntilAsync(() => LastIsAfter(server, "/v1/auth/me", "/v1/me/hangar"));
        var enqueued = await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--payload", "1", "--wait");
        var status = await CliAsync("status");

        pushed.Code.ShouldBe(1, pushed.Error);
        pushed.Document.GetProperty("outcome").GetString().ShouldBe("failed");
        pushed.Document.GetProperty("reason").GetString().ShouldBe("token_invalid");
        enqueued.Code.ShouldBe(0, enqueued.Error);
        enqueued.Document.GetProperty("delivered").GetBoolean().ShouldBeTrue("the lanes go on");
        var hangar = status.Document.GetProperty("hangar");
        hangar.GetProperty("state").GetString().ShouldBe("stopped");
        hangar.GetProperty("last_error").GetString()!.ShouldContain("token_invalid");
        hangar.GetProperty("next_at").GetDateTimeOffset().ShouldBeGreaterThan(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(5));
        hangar.GetProperty("last_success_at").ValueKind.ShouldBe(JsonValueKind.Null);
        status.Document.GetProperty("auth").GetProperty("state").GetString().ShouldBe("signed_in");
        status.Document.GetProperty("health").GetProperty("state").GetString().ShouldBe("OK");
        var heartbeats = (int)(TimeProvider.System.GetElapsedTime(started) / Heartbeat) + 1;
        Count(server, "/v1/me/hangar").ShouldBe(2);
        Count(server, "/v1/auth/me").ShouldBeInRange(1, 2 + heartbeats, "one question a refusal");
        Count(server, "/v1/auth/refresh").ShouldBe(0);
        Bearers(server).ShouldBe(1, "the credential was neither renewed nor cleared");

        server.With(hub =>
        {
            hub.Behave();
            return true;
        });
        var healed = await CliAsync("hangar", "push");
        var again = await CliAsync("hangar", "push");

        healed.Code.ShouldBe(0, healed.Error);
        healed.Document.GetProperty("items").GetInt32().ShouldBe(2);
        again.Code.ShouldBe(0, again.Error);
        again.Document.GetProperty("reason").GetString().ShouldBe("unchanged");
        host.Signal(ActorSyncProcess.SigTerm);
        (await host.EndAsync()).Code.ShouldBe(0);
        var alone = await CliAsync("hangar", "status");
        alone.Document.GetProperty("last_success_at").ValueKind.ShouldBe(JsonValueKind.String, "it is remembered");
        alone.Document.GetProperty("state").GetString().ShouldNotBe("starting");
    }

    [Fact]
    [Trait("criterion", "G1")]
    public async Task A_push_says_why_it_left_a_snapshot_out_with_an_exit_code()
    {
        Directory.CreateDirectory(_folder.Data);
        var none = await CliAsync("hangar", "push");
        await File.WriteAllTextAsync(Path.Combine(_folder.Data, "actorsync.conf"), "host.hangar.source = \"music\"\n");
        var nobody = await CliAsync("hangar", "push");

        none.Code.ShouldBe(2, none.Error);
        none.Document.GetProperty("reason").GetString().ShouldBe("no_source");
        nobody.Code.ShouldBe(3, nobody.Error);
        nobody.Document.GetProperty("reason").GetString().ShouldBe("no_server");
    }

    private static bool Refuse(FakeHub hub, int times)
    {
        hub.Next(Misbehaviour.Auth(401, "token_invalid"), times, static x => x.Path == "/v1/me/hangar");
        return true;
    }

    private static int Count(FakeHubServer server, string path) => server.With(hub => hub.Exchanges.Count(x => x.Request.Path == path));

    private static bool LastIsAfter(FakeHubServer server, string path, string other) =>
        server.With(hub =>
            hub.Exchanges.FindLastIndex(x => x.Request.Path == path) > hub.Exchanges.FindLastIndex(x => x.Request.Path == other)
        );

    private static int Bearers(FakeHubServer server) =>
        server.With(hub => hub.Exchanges.Select(x => x.Request.Bearer).OfType<string>().Distinct(StringComparer.Ordinal).Count());

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _folder.Data]);
}
