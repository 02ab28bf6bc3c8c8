using ActorSync.IntegrationTests.Adversaries;
using ActorSync.IntegrationTests.Cli;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Outages;

/// <summary>An outage, replayed: a side worker's 401 wiped a token that had just been paired.</summary>
public sealed class SideWorkerTests
{
    private const string Hangar = "POST /v1/me/hangar";

    [Fact]
    [Trait("criterion", "S2")]
    [Trait("criterion", "A1")]
    [Trait("criterion", "A7")]
    public async Task A_hangar_that_is_refused_for_an_earlier_token_while_the_device_is_paired_anew_costs_nothing_but_its_push()
    {
        await using var site = new Site();
        await site.StartHubAsync($"{Hangar}=401:token_revoked");
        var (held, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var between = new Interceptor(new Uri(site.HubUrl));
        site.Write("side.json", """[{"name":"one"}]""");
        site.Settings("host.hangar.source = \"side.json\"");
        await site.StartHostAsync();
        between.Hold = async line =>
        {
            if (line == Hangar)
            {
                held.TrySetResult();
                await release.Task;
            }
        };
        await site.PairAsync(between.Address);
        var before = await site.StatusAsync();

        // The hub has said 401 to the first token, and the answer is on its way back.
        await using var push = ActorSyncProcess.Start(["hangar", "push", "--json", "--data", site.Data]);
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await site.PairAsync(between.Address);
        between.Hold = null;
        release.SetResult();
        var pushed = await push.EndAsync();
        await site.EnqueueAsync("t1", wait: true);
        var again = await site.CliAsync("hangar", "push");
        var after = await site.StatusAsync();

        pushed.Code.ShouldNotBe(0);
        again.Document.GetProperty("reason").GetString().ShouldBe("token_revoked");
        after.Auth().ShouldBe("signed_in");
        after.Generation().ShouldBe(before.Generation() + 1, "neither cleared nor renewed since");
        after.State().ShouldBe("OK");
        after.Pending().ShouldBe(0);
        after.GetProperty("hangar").GetProperty("state").GetString().ShouldBe("stopped");
        after.GetProperty("hangar").GetProperty("last_error").GetString()!.ShouldContain("token_revoked");
        between.Lines.ShouldContain(Hangar);
        between.Refreshes.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "A1")]
    public async Task A_refused_push_of_an_earlier_token_that_arrives_after_a_new_pairing_changes_nothing()
    {
        const string Ops = "POST /api/v1/sync/ops";
        await using var site = new Site();
        await site.StartHubAsync();
        await using var between = new Interceptor(new Uri(site.HubUrl));
        await site.StartHostAsync();
        await site.PairAsync(between.Address);
        await site.EnqueueAsync("t1", wait: true);
        var before = await site.StatusAsync();
        var (held, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        between.Hold = async line =>
        {
            if (line == Ops)
            {
                held.TrySetResult();
                await release.Task;
            }
        };

        // The device is revoked, its next push refused, and it is paired again before it hears of that.
        var device = before.GetProperty("device_id").GetString()!;
        (await site.AdminAsync("revoke", device, "--account", "ada")).Code.ShouldBe(0);
        await site.EnqueueAsync("t2");
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await using var pairing = ActorSyncProcess.Start([
            "pair",
            (await site.AdminAsync("code", "--account", "ada")).Document.GetProperty("code").GetString()!,
            "--hub",
            between.Address.ToString(),
            "--json",
            "--data",
            site.Data,
        ]);
        await Facts.UntilAsync(() =>
            between.Lines.Contains("POST /v1/auth/devices/redeem")
            && between.Lines.Count(static line => line == "POST /v1/auth/devices/redeem") == 2
        );
        between.Hold = null;
        release.SetResult();
        var paired = await pairing.EndAsync();
        await site.EnqueueAsync("t3", wait: true);
        var seen = await site.WatchAsync(static status => status.State() == "OK" && status.Pending() == 0);

        paired.Code.ShouldBe(0, paired.Error);
        var after = seen[^1];
        after.Auth().ShouldBe("signed_in");
        after.Generation().ShouldBeGreaterThan(before.Generation());
        after.GetProperty("receipt").GetProperty("highest_lamport").GetInt64().ShouldBe(3);
        after.GetProperty("auth").GetProperty("lost_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }
}
