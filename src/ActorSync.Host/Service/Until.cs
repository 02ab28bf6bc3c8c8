namespace ActorSync.Host.Service;

internal static class Until
{
    /// <summary>Completes when the process is asked to stop.</summary>
    /// <exception cref="SyncException">The runtime has failed for good meanwhile.</exception>
    public static async Task StoppedAsync(SyncRuntime runtime, CancellationToken stop)
    {
        var failure = RuntimeWatch.FailureOf(runtime.System!);
        if (await Task.WhenAny(StoppedAsync(stop), failure) == failure)
        {
            var failed = await failure;
            throw new SyncException("runtime_failed", $"{failed.Component}: {failed.Error}", failed.Remedy);
        }
    }

    /// <summary>Completes, without an exception, when the process is asked to stop.</summary>
    public static async Task StoppedAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = stop.Register(static s => ((TaskCompletionSource)s!).TrySetResult(), stopped);
        await stopped.Task;
    }
}
