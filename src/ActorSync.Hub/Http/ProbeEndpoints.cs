using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>Is the process up, can the store be written.</summary>
internal sealed class ProbeEndpoints(HubContext hub)
{
    private const int Protocol = 1;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly string Version =
        typeof(ProbeEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private readonly Lock _gate = new();
    private Task<bool>? _last;
    private long _lastAt;

    public Task<HubAnswer> HealthAsync(HttpContext context) =>
        Task.FromResult(
            HubAnswer.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("status"u8, "ok"u8);
                json.WriteString("version"u8, Version);
                json.WriteNumber("protocol"u8, Protocol);
                json.WriteEndObject();
            })
        );

    public async Task<HubAnswer> ReadyAsync(HttpContext context)
    {
        await WriteAsync();
        return HubAnswer.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, "ready"u8);
            json.WriteEndObject();
        });
    }

    // One write a second at most: the probe needs no token, and a write is a sync of the disk.
    private Task WriteAsync()
    {
        lock (_gate)
        {
            var time = hub.Options.Time;
            if (_last is null || _last.IsFaulted || time.GetElapsedTime(_lastAt) >= Fresh)
            {
                _lastAt = time.GetTimestamp();
                _last = hub.Store.RunAsync(store =>
                {
                    store.Probe();
                    return true;
                });
            }

            return _last;
        }
    }
}
