using System.Text.Json;
using ActorSync.IntegrationTests.Adversaries;
using ActorSync.IntegrationTests.Cli;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Outages;

/// <summary>An outage, replayed: a worker that had lost its sign-in looped in silence for ten hours under a green light.</summary>
public sealed class RevokedDeviceTests
{
    private const string Probe = "GET /v1/auth/me";

    [Fact]
    [Trait("criterion", "A9")]
    [Trait("criterion", "A10")]
    [Trait("criterion", "D13")]
    [Trait("criterion", "Q8")]
    [Trait("criterion", "S4")]
    public async Task A_revoked_device_is_paused_at_once_and_across_a_kill_and_goes_on_when_it_is_paired_again()
    {
        await using var site = new Site();
        await site.StartHubAsync();
        await using var between = new Interceptor(new Uri(site.HubUrl));
        site.Settings("actorsync.drain { backoff-min = 50ms, backoff-max = 200ms }");
        await site.StartHostAsync();
        await site.PairAsync(between.Address);
        await site.EnqueueAsync("t1", wait: true);
        var device = (await site.StatusAsync()).GetProperty("device_id").GetString()!;

        (await site.AdminAsync("revoke", device, "--account", "ada")).Code.ShouldBe(0);
        var asked = between.Lines.Count;
        var waiting = await site.EnqueueAsync("t2");
        await site.EnqueueAsync("t3");
        await site.WatchAsync(static status => status.State() == "PAUSED");
        var confirmed = between.Lines.Skip(asked).ToArray();
        await Facts.UntilAsync(() => between.Lines.Count > asked + confirmed.Length + 5);
        var lost = await site.StatusAsync();

        ShouldBeLost(lost, pending: 2);
        lost.GetProperty("drain").GetProperty("last_error").ValueKind.ShouldBe(JsonValueKind.Null, "nothing has crashed");
        confirmed.Count(static line => line.StartsWith("POST /api/", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(2, "one a lane");
        confirmed.Count(static line => line == "POST /v1/auth/refresh").ShouldBe(1);
        between.Lines.Skip(asked + confirmed.Length).ShouldAllBe(static line => line == Probe);
        (await site.CliAsync("drain")).Code.ShouldBe(3);
        (await site.CliAsync("reconcile")).Code.ShouldBe(3);
        var explained = (await site.CliAsync("explain", waiting)).Document;
        explained.GetProperty("cause").GetString().ShouldBe("paused");
        explained.GetProperty("text").GetString()!.ShouldContain("revoked");
        var logged = (await site.CliAsync("logs", "--limit", "100000")).Out;
        logged.Split('\n').Count(static line => line.Contains("Sync is paused", StringComparison.Ordinal)).ShouldBe(1);

        (await site.Host.KillAfterAsync(TimeSpan.Zero)).ShouldBeTrue();
        await site.Host.DisposeAsync();
        var alone = await site.StatusAsync();
        await site.StartHostAsync();
        var restarted = await site.StatusAsync();

        ShouldBeLost(alone, pending: 2);
        ShouldBeLost(restarted, pending: 2);
        LostAt(alone).ShouldBe(LostAt(lost));
        LostAt(restarted).ShouldBe(LostAt(lost));
        (await site.CliAsync("drain")).Code.ShouldBe(3);

        await site.PairAsync(between.Address);
        var seen = await site.WatchAsync(static status => status.State() == "OK" && status.Pending() == 0);

        var healed = seen[^1];
        healed.Auth().ShouldBe("signed_in");
        healed.GetProperty("receipt").GetProperty("highest_lamport").GetInt64().ShouldBe(3);
        healed.GetProperty("cursor").GetProperty("head").GetInt64().ShouldBe(3, "each once");
        (await site.CliAsync("drain")).Code.ShouldBe(0);
    }

    private static void ShouldBeLost(JsonElement status, long pending)
    {
        status.State().ShouldBe("PAUSED");
        status.Reason().ShouldContain("revoked");
        status.Auth().ShouldBe("lost");
        status.GetProperty("auth").GetProperty("reason").GetString()!.ShouldContain("revoked");
        status.GetProperty("notice").GetProperty("code").GetString().ShouldBe("token_revoked");
        LostAt(status).ShouldBeGreaterThan(TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(30));
        status.Pending().ShouldBe(pending);
    }

    private static DateTimeOffset LostAt(JsonElement status) => status.GetProperty("auth").GetProperty("lost_at").GetDateTimeOffset();
}
