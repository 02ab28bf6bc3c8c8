using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Outages;

/// <summary>A hub that is gone, and one that takes connections and says nothing: neither is green while an operation waits.</summary>
public sealed class SilentHubTests
{
    private const int SigStop = 19;
    private const int SigCont = 18;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("criterion", "H2")]
    [Trait("criterion", "H4")]
    [Trait("criterion", "D15")]
    public async Task An_operation_that_the_hub_does_not_take_is_never_under_a_green_light(bool killed)
    {
        await using var site = new Site();
        await site.StartHubAsync();
        site.Settings(
            "actorsync.drain { backoff-min = 50ms, backoff-max = 200ms }\nactorsync.http { response-timeout = 500ms, connect-timeout = 500ms }"
        );
        await site.StartHostAsync();
        await site.PairAsync();
        await site.EnqueueAsync("t1", wait: true);
        await site.WatchAsync(static status => status.State() == "OK");

        if (killed)
        {
            (await site.Hub.KillAfterAsync(TimeSpan.Zero)).ShouldBeTrue();
        }
        else
        {
            site.Hub.Signal(SigStop);
        }

        var waiting = await site.EnqueueAsync("t2");
        await site.WatchAsync(static status => status.State() == "ERR");
        var seen = await site.WatchAsync(static status => status.GetProperty("queue").GetProperty("oldest_age_seconds").GetDouble() > 8);

        seen.ShouldAllBe(static status => status.State() == "ERR" || status.State() == "STALE");
        seen.ShouldAllBe(static status => status.Pending() == 1);
        seen[^1].Auth().ShouldBe("signed_in");
        seen[^1].Reason().ShouldNotBeNullOrWhiteSpace();
        var explained = (await site.CliAsync("explain", waiting)).Document;
        new[] { "backoff", "next_pass" }.ShouldContain(explained.GetProperty("cause").GetString());

        if (killed)
        {
            await site.Hub.DisposeAsync();
            await site.StartHubAsync();
        }
        else
        {
            site.Hub.Signal(SigCont);
        }

        var healed = await site.WatchAsync(static status => status.State() == "OK" && status.Pending() == 0);
        healed[^1].GetProperty("receipt").GetProperty("highest_lamport").GetInt64().ShouldBe(2);
    }
}
