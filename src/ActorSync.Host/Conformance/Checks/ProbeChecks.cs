using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The two probes.</summary>
internal static class ProbeChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new("probes.health", "Probes", "GET /health says ok, a version and protocol 1, without a token", HealthAsync),
        new("probes.ready", "Probes", "GET /ready says ready, or 503 in the envelope", ReadyAsync),
    ];

    private static async Task HealthAsync(Session s)
    {
        var health = (await s.Nobody.GetAsync("/health")).Gives();
        Expect.Equal("ok", health.Text("status"), "status");
        Expect.That(health.Text("version").Length > 0, "version is empty");
        Expect.Equal(1, health.Number("protocol"), "protocol");
    }

    private static async Task ReadyAsync(Session s)
    {
        var ready = await s.Nobody.GetAsync("/ready");
        if (ready.Status == 503)
        {
            ready.Refuses(503, "unavailable");
            Expect.That(ready.Header("retry-after") is not null, "503 without Retry-After");
            return;
        }

        Expect.Equal("ready", ready.Gives().Text("status"), "status");
    }
}
