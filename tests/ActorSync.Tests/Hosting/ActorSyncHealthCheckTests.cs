using System.Collections.Immutable;
using ActorSync.Hosting;
using ActorSync.Status;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hosting;

public class ActorSyncHealthCheckTests
{
    private const string Hub = "https://hub.example.com";

    [Theory]
    [InlineData("OK", "hybrid", Hub, HealthStatus.Healthy)]
    [InlineData("IDLE", "hybrid", Hub, HealthStatus.Healthy)]
    [InlineData("OFF", "local", Hub, HealthStatus.Healthy)]
    [InlineData("OFF", "hybrid", null, HealthStatus.Healthy)]
    [InlineData("OFF", "hybrid", Hub, HealthStatus.Degraded)]
    [InlineData("STALE", "hybrid", Hub, HealthStatus.Degraded)]
    [InlineData("PAUSED", "hybrid", Hub, HealthStatus.Degraded)]
    [InlineData("ERR", "hybrid", Hub, HealthStatus.Unhealthy)]
    [InlineData("", "hybrid", Hub, HealthStatus.Unhealthy)]
    [InlineData("ok", "hybrid", Hub, HealthStatus.Unhealthy)]
    public void Only_what_is_proven_or_not_wanted_is_healthy(string state, string mode, string? hub, HealthStatus status) =>
        ActorSyncHealthCheck.Judge(Snapshots.Of(state, mode, hub)).Status.ShouldBe(status);

    [Fact]
    public void The_text_has_the_reason_and_the_next_try()
    {
        var snapshot = Snapshots.Of("STALE", "hybrid", Hub);

        ActorSyncHealthCheck
            .Judge(snapshot with { Health = snapshot.Health with { Reason = "no answer for 90 s", NextRetry = Snapshots.Noon } })
            .Text.ShouldBe("STALE (no answer for 90 s), next try at 2026-03-01T12:00:00.0000000+00:00");
    }
}

internal static class Snapshots
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static StatusSnapshot Of(string state, string mode = "hybrid", string? hub = null, string profile = "default") =>
        new(
            profile,
            "device",
            new HealthView(state, "because", Noon, null, ImmutableSortedDictionary<string, LaneHealth>.Empty),
            new AuthView("signed_in", null, null, null, 1, null),
            mode,
            hub,
            new QueueView(0, 0, null, 0, 0, 0),
            new ClockView(0),
            new CursorView(0, 0),
            new ReceiptView(0, null),
            new DrainView(null, null, null, 0, 0, 0, 0),
            new HangarView(null, null, null),
            new LanView("off", 0),
            Running: true,
            "0"
        );
}
