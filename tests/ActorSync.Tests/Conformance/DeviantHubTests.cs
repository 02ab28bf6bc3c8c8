using ActorSync.Host.Conformance.Checks;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Conformance;

/// <summary>Each check can fail: a hub that breaks its rule is found out.</summary>
public sealed class DeviantHubTests(DeviantHubTests.Behind behind) : IClassFixture<DeviantHubTests.Behind>
{
    public static TheoryData<string, string> Names()
    {
        var names = new TheoryData<string, string>();
        foreach (var (name, check, _) in Deviations.All)
        {
            names.Add(name, check);
        }

        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_hub_that_breaks_a_rule_fails_its_check(string name, string check)
    {
        var deviation = Deviations.All.Single(d => d.Name == name).Make();
        await using var deviant = await DeviantHub.StartAsync(behind.Hub.Address, deviation);

        var report = await ConformanceHub.RunAsync(await behind.Hub.InputAsync(deviant.Address), check);

        var result = report.Checks.ShouldHaveSingleItem();
        result.Id.ShouldBe(check);
        result.Result.ShouldBe("failed", result.Reason);
        report.Failed.ShouldBe(1);
    }

    [Theory]
    [InlineData("run.envelope", "an error has no envelope")]
    [InlineData("run.envelope", "an error is a page")]
    [InlineData("run.request_id", "a request's id is not repeated")]
    [InlineData("run.no_redirect", "an unknown path is elsewhere")]
    [InlineData("run.no_fault_of_the_hub", "a mistake of the caller is the hub's fault")]
    public async Task What_holds_for_every_answer_is_seen_in_the_whole_run(string check, string name)
    {
        var deviation = Deviations.All.Single(d => d.Name == name).Make();
        await using var deviant = await DeviantHub.StartAsync(behind.Hub.Address, deviation);

        var report = await ConformanceHub.RunAsync(await behind.Hub.InputAsync(deviant.Address), "requests", check);

        report.Checks.Single(c => c.Id == check).Result.ShouldBe("failed");
    }

    /// <summary>No check passes by asking too little: one that says yes to everything, or no, passes none of them.</summary>
    [Theory]
    [InlineData(200, "{}")]
    [InlineData(204, "")]
    [InlineData(400, "{\"error\":\"invalid_request\",\"message\":\"no\"}")]
    [InlineData(401, "{\"error\":\"token_missing\",\"message\":\"no\"}")]
    [InlineData(404, "{\"error\":\"not_found\",\"message\":\"no\"}")]
    public async Task A_hub_that_always_says_the_same_passes_nothing(int status, string body)
    {
        await using var deviant = await DeviantHub.StartAsync(behind.Hub.Address, Deviations.AlwaysTheSame(status, body));

        var report = await ConformanceHub.RunAsync(await behind.Hub.InputAsync(deviant.Address));

        var looksBack = RunChecks.All.Select(c => c.Id);
        report.Checks.Where(c => c.Result == "passed").Select(c => c.Id).Except(looksBack).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_hub_where_codes_can_be_guessed_for_ever_is_found_out()
    {
        var input = await behind.Hub.InputAsync();

        (await ConformanceHub.RunAsync(input, "pairing.throttled")).Failed.ShouldBe(1);
    }

    /// <summary>The hub that all the deviant ones stand before.</summary>
    public sealed class Behind : IAsyncLifetime
    {
        public ConformanceHub Hub { get; private set; } = null!;

        public async Task InitializeAsync() => Hub = await ConformanceHub.StartAsync(new HubLimits { PairingTriesPerMinute = 1_000 });

        public async Task DisposeAsync() => await Hub.DisposeAsync();
    }
}
