using ActorSync.Host.Conformance;
using ActorSync.Host.Conformance.Checks;
using ActorSync.Hub;
using ActorSync.Tests.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Conformance;

public sealed class ConformanceTests
{
    [Fact]
    public async Task Our_hub_keeps_every_rule()
    {
        await using var hub = await ConformanceHub.StartAsync();

        ShouldPass(await ConformanceHub.RunAsync(await hub.InputAsync()));
    }

    [Fact]
    public async Task A_hub_behind_a_proxy_keeps_every_rule()
    {
        await using var hub = await ConformanceHub.StartAsync();
        await using var proxy = await DeviantHub.StartAsync(hub.Address, new Deviation());

        ShouldPass(await ConformanceHub.RunAsync(await hub.InputAsync(proxy.Address)));
    }

    [Fact]
    public async Task A_second_run_on_the_same_account_finds_the_first_ones_data_and_passes()
    {
        await using var hub = await ConformanceHub.StartAsync(new HubLimits { PairingTriesPerMinute = 1_000 });
        var input = await hub.InputAsync();
        string[] areas = ["push", "known", "clock", "relay", "pull", "history", "merge", "replica", "socket", "isolation"];
        (await ConformanceHub.RunAsync(input, areas)).Failed.ShouldBe(0);

        var again = await ConformanceHub.RunAsync(input, areas);

        again.Checks.Where(c => c.Result == "failed").ShouldBeEmpty();
    }

    [Fact]
    public async Task With_one_token_alone_what_needs_more_is_paired_or_skipped()
    {
        await using var hub = await ConformanceHub.StartAsync();
        var input = new ConformanceInput(hub.Address, await hub.TokenAsync("ada", "device-a"));

        var report = await ConformanceHub.RunAsync(input, "relay", "isolation", "tokens.expired", "tokens.disabled");

        report.Checks.Where(c => c.Result == "failed").ShouldBeEmpty();
        report.Checks.Where(c => c.Id.StartsWith("relay", StringComparison.Ordinal)).ShouldAllBe(c => c.Result == "passed");
        var skipped = report.Checks.Where(c => c.Result == "skipped").ToArray();
        skipped.Length.ShouldBe(report.Checks.Count(c => !c.Id.StartsWith("relay", StringComparison.Ordinal)));
        skipped.ShouldAllBe(c => c.Reason!.StartsWith("needs --"));
    }

    [Fact]
    public async Task A_hub_that_compacted_its_log_keeps_the_rules_too()
    {
        await using var world = await HubWorld.StartAsync(options =>
            options with
            {
                Retention = new HubRetention
                {
                    Operations = 0,
                    Age = HubRetention.LeastAge,
                    Every = TimeSpan.FromDays(10_000),
                },
            }
        );
        var device = await world.JoinAsync();
        var input = new ConformanceInput(world.Hub.Addresses[0], device.Token);
        (await ConformanceHub.RunAsync(input, "push", "merge.registers")).Failed.ShouldBe(0);

        // A digest folds; what is not folded is not compacted.
        (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
        world.Clock.Advance(TimeSpan.FromHours(3));
        (await world.Hub.CompactAsync()).ShouldBeGreaterThan(0);

        var report = await ConformanceHub.RunAsync(input, "pull", "history", "replica", "merge");

        report.Checks.Where(c => c.Result == "failed").ShouldBeEmpty();
        report.Checks.Single(c => c.Id == "pull.compacted").Result.ShouldBe("passed");
        report.Checks.Single(c => c.Id == "replica.snapshot_of_log").Reason.ShouldBe("the beginning of the log is compacted");
    }

    [Fact]
    public void Every_check_has_a_name_of_its_own_and_names_its_rule()
    {
        CheckTable.All.Select(c => c.Id).ShouldBeUnique();
        CheckTable.All.ShouldAllBe(c => c.Rule.Length > 3 && c.Title.Length > 10);
        CheckTable.All.ShouldAllBe(c => c.Id.Split('.').Length == 2);
    }

    private static void ShouldPass(ConformanceReport report)
    {
        report.Checks.Where(c => c.Result == "failed").Select(c => $"{c.Id}: {c.Reason}").ShouldBeEmpty();
        report.Checks.Where(c => c.Result == "skipped").Select(c => c.Id).ShouldBe(["pull.compacted"], "a short log is not compacted");
        report.Checks.Length.ShouldBe(CheckTable.All.Length);
        report.Passed.ShouldBe(report.Checks.Length - report.Skipped);
        report.Protocol.ShouldBe(1);
    }
}
