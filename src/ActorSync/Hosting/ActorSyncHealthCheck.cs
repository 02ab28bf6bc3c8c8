using ActorSync.Status;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ActorSync.Hosting;

/// <summary>The worst of all profiles: Healthy only for what is proven (OK), not tried yet (IDLE) or not wanted (OFF in Local mode or without a hub).</summary>
/// <remarks>STALE, PAUSED and "signed out of a hub that is set" are Degraded; ERR and everything unknown are Unhealthy.</remarks>
internal sealed class ActorSyncHealthCheck(SyncRuntime runtime) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var worst = new HealthCheckResult(HealthStatus.Healthy);
        foreach (var name in runtime.Profiles)
        {
            var (status, text) = await OneAsync(name, cancellationToken).ConfigureAwait(false);
            data[name] = text;
            worst = status < worst.Status || worst.Description is null ? new HealthCheckResult(status, $"{name}: {text}") : worst;
        }

        return new HealthCheckResult(worst.Status, worst.Description, data: data);
    }

    /// <summary>What one profile's snapshot comes to.</summary>
    internal static (HealthStatus Status, string Text) Judge(StatusSnapshot snapshot)
    {
        var health = snapshot.Health;
        var status = health.State switch
        {
            "OK" or "IDLE" => HealthStatus.Healthy,
            "OFF" when snapshot.Mode == "local" || snapshot.Hub is null => HealthStatus.Healthy,
            "OFF" or "STALE" or "PAUSED" => HealthStatus.Degraded,
            _ => HealthStatus.Unhealthy,
        };
        var next = health.NextRetry is { } retry ? $", next try at {retry:O}" : string.Empty;
        return (status, $"{health.State} ({health.Reason}){next}");
    }

    private async Task<(HealthStatus Status, string Text)> OneAsync(string profile, CancellationToken cancellation)
    {
        try
        {
            return Judge(await runtime.Profile(profile).GetStatusAsync(cancellation).ConfigureAwait(false));
        }
        catch (SyncException e)
        {
            return (HealthStatus.Unhealthy, $"{e.Code}: {e.Message}; {e.Remedy}");
        }
    }
}
