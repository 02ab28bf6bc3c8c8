using ActorSync;
using ActorSync.Events;

namespace Samples;

public static class SampleEvents
{
    public static async Task ShowAsync(SyncRuntime sync, Action<string> show, CancellationToken stoppingToken)
    {
        // Begins with what holds now; a reader that is slow keeps nobody waiting.
        await foreach (var happened in sync.Events.WithCancellation(stoppingToken))
        {
            var line = happened switch
            {
                SyncPaused paused => $"Paused: {paused.Text}",
                SyncOff off => $"Off: {off.Text}",
                SyncResumed => "Changes are being sent",
                ConfigChanged { Binding: { } binding } => $"Signed in as {binding.Handle} at {binding.Hub}",
                _ => null,
            };
            if (line is not null)
            {
                show(line);
            }
        }
    }
}
