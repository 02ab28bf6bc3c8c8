using ActorSync.Wire;

namespace ActorSync.Diagnostics;

/// <summary>Tells the meter how long each push of a profile took.</summary>
internal sealed class MeteredHub(IHubPort hub, SyncMetrics metrics, string profile, TimeProvider time) : IHubPort
{
    public Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation) =>
        call.Method == HttpMethod.Post && call.Path == HubPaths.Ops ? MeasureAsync(call, cancellation) : hub.SendAsync(call, cancellation);

    public Task<HubOpening> OpenAsync(HubCall call, CancellationToken cancellation) => hub.OpenAsync(call, cancellation);

    private async Task<HubReply> MeasureAsync(HubCall call, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var reply = await hub.SendAsync(call, cancellation).ConfigureAwait(false);
        metrics.PushEnded(profile, Outcome(reply), time.GetElapsedTime(started));
        return reply;
    }

    private static string Outcome(HubReply reply) =>
        reply switch
        {
            HubReply.Answered answered => answered.Status.ToString(),
            HubReply.Failed failed => failed.Failure.Code,
            _ => "unknown",
        };
}
