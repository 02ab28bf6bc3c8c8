using ActorSync.Restart;
using Akka.Actor;
using Akka.Dispatch;

namespace ActorSync.Hangar;

/// <summary>A snapshot as it goes to the hub. Holds the app's data: never printed.</summary>
/// <param name="digest">Of the items.</param>
internal sealed class HangarSnapshot(ReadOnlyMemory<byte> body, int items, string digest, bool isComplete, string? problem)
{
    public ReadOnlyMemory<byte> Body => body;

    public int Items => items;

    public string Digest => digest;

    public bool IsComplete => isComplete;

    public string? Problem => problem;
}

/// <summary>Runs the app's source on another thread, and says what came of it. It outlives the hangar's actor, as a capture that does not end may.</summary>
internal sealed class HangarPort(IHangarSource? source, string profile, int maxBytes, TimeProvider time)
{
    private int _busy;

    public bool HasSource => source is not null;

    /// <summary>Tells <see cref="Captured"/> or <see cref="CaptureFailed"/>, once.</summary>
    /// <param name="elsewhere">Has a thread that the app may block.</param>
    public void Start(Errand flight, IActorRef to, MessageDispatcher elsewhere)
    {
        // A source that ignores its cancellation must not be given one thread after the other.
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            var busy = new HangarCaptureException(
                "hangar_source_busy",
                "the source has not ended its last capture",
                "let the hangar's source look at its cancellation token"
            );
            to.Tell(new CaptureFailed(flight, busy), ActorRefs.NoSender);
            return;
        }

        var cancellation = flight.Token;
        elsewhere.Schedule(() => _ = CaptureAsync(flight, to, cancellation));
    }

    private async Task CaptureAsync(Errand flight, IActorRef to, CancellationToken cancellation)
    {
        object outcome;
        try
        {
            var capture = new HangarCapture(profile, time.GetUtcNow(), maxBytes);
            await source!.CaptureAsync(capture, cancellation).ConfigureAwait(false);
            var (body, digest) = capture.Close();
            outcome = new Captured(flight, new HangarSnapshot(body, capture.Items, digest, capture.IsComplete, capture.Problem));
        }
        catch (Exception failure)
        {
            // The app's code: whatever it throws is told, and none of it is ours to fall over.
            outcome = new CaptureFailed(flight, failure);
        }

        Volatile.Write(ref _busy, 0);
        to.Tell(outcome, ActorRefs.NoSender);
    }

    internal sealed record Captured(Errand Flight, HangarSnapshot Snapshot);

    internal sealed record CaptureFailed(Errand Flight, Exception Failure);
}
