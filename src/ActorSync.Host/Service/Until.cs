namespace ActorSync.Host.Service;

internal static class Until
{
    /// <summary>Completes, without an exception, when the process is asked to stop.</summary>
    public static async Task StoppedAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = stop.Register(static s => ((TaskCompletionSource)s!).TrySetResult(), stopped);
        await stopped.Task;
    }
}
