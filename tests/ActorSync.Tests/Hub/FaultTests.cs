using System.Net;
using ActorSync.Hub;
using ActorSync.Hub.Http;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class FaultTests
{
    [Fact]
    public async Task A_fault_hits_its_method_and_path_and_nothing_else()
    {
        await using var world = await StartAsync("POST /v1/me/hangar=401:token_invalid", "GET /api/v1/*=503", "/health=200:html");
        var device = await world.JoinAsync();
        (await device.SendAsync(HttpMethod.Post, "/v1/me/hangar", new StringContent("{}"))).ShouldBe(401, "token_invalid");
        var throttled = (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(503, "unavailable");
        throttled.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await device.GetAsync("/v1/auth/me")).ShouldBe(200);

        using var portal = await world.Client().GetAsync("/health");
        portal.StatusCode.ShouldBe(HttpStatusCode.OK);
        portal.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await portal.Content.ReadAsStringAsync()).ShouldStartWith("<!doctype html>");
    }

    [Fact]
    public async Task The_first_rule_that_fires_decides()
    {
        await using var world = await StartAsync("/v1/auth/me=ok", "*=418");
        var device = await world.JoinAsync();
        (await device.GetAsync("/v1/auth/me")).ShouldBe(200);
        (await device.GetAsync("/v1/devices")).ShouldBe(418, "internal");
    }

    [Fact]
    public async Task A_lost_answer_is_of_something_done_and_a_dropped_request_of_nothing()
    {
        await using var world = await StartAsync("POST /api/v1/sync/ops=lost", "POST /api/v1/sync/ack=drop");
        var device = await world.JoinAsync();
        await Should.ThrowAsync<HttpRequestException>(device.PushAsync(1, Op.Set(1)));
        (await device.GetAsync("/api/v1/sync/ops")).ShouldBe(200).Number("last_id").ShouldBe(1);
        await Should.ThrowAsync<HttpRequestException>(
            device.SendAsync(HttpMethod.Post, "/api/v1/sync/ack", new StringContent("{\"device_id\":\"device-1\",\"last_seen_id\":1}"))
        );
    }

    [Fact]
    public async Task A_delay_is_of_the_hubs_clock()
    {
        await using var world = await StartAsync("/health=ok+30s");
        var waiting = world.Client().GetAsync("/health");
        while (!waiting.IsCompleted)
        {
            // The request has to have come in before the clock counts for it.
            world.Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        (await Answer.ReadAsync(await waiting)).ShouldBe(200);
        world.Clock.GetUtcNow().ShouldBeGreaterThanOrEqualTo(new HandClock().GetUtcNow() + TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_rate_hits_its_share_and_the_same_requests_for_the_same_seed()
    {
        const int requests = 10_000;
        var draws = Draws(7);
        draws.Count(hit => hit).ShouldBeInRange(400, 600);
        Draws(7).ShouldBe(draws);
        Draws(8).ShouldNotBe(draws);

        static List<bool> Draws(int seed)
        {
            var dice = new FaultDice(new HubFaults([FaultRule.Parse("*=503@5%")], seed));
            return [.. Enumerable.Range(0, requests).Select(_ => dice.Draw("GET", "/x") is not null)];
        }
    }

    [Fact]
    public async Task No_request_can_switch_a_fault_on()
    {
        await using var world = await HubWorld.StartAsync();
        var client = world.Client();
        foreach (var name in new[] { "fault", "X-Fault", "X-ActorSync-Fault" })
        {
            client.DefaultRequestHeaders.Add(name, "*=503");
        }

        (await Answer.ReadAsync(await client.GetAsync("/health?fault=*%3D503"))).ShouldBe(200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("=503")]
    [InlineData("health=503")]
    [InlineData("PATCH /x=503")]
    [InlineData("/x=600")]
    [InlineData("/x=-1")]
    [InlineData("/x=broken")]
    [InlineData("/x=503@5")]
    [InlineData("/x=503@0%")]
    [InlineData("/x=503@101%")]
    [InlineData("/x=503+5")]
    [InlineData("/x=503+2h")]
    [InlineData("/x=503+4000s")]
    public void What_is_no_rule_is_refused_by_name(string text)
    {
        var wrong = Should.Throw<HubException>(() => FaultRule.Parse(text));
        wrong.Code.ShouldBe("hub_setting");
        wrong.Message.ShouldContain($"'{text}'");
        wrong.Remedy.ShouldContain("PATH=WHAT");
    }

    [Fact]
    public void A_rule_is_read_with_all_its_parts() =>
        FaultRule
            .Parse("post /a=b*=429:slow_down@2.5%+1500ms")
            .ShouldBe(new FaultRule("POST", "/a=b*", FaultKind.Error, 429, "slow_down", 0.025, TimeSpan.FromSeconds(1.5)));

    private static Task<HubWorld> StartAsync(params string[] rules) =>
        HubWorld.StartAsync(options => options with { Faults = new HubFaults([.. rules.Select(FaultRule.Parse)], 1) });
}
