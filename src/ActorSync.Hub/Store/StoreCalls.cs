namespace ActorSync.Hub.Store;

/// <summary>Work in pieces, each in a transaction of its own. It must not hold on to what the store caches between pieces.</summary>
internal interface ILongWork<T> : IDisposable
{
    /// <summary>True with the result when it was the last piece.</summary>
    bool Advance(HubStore store, out T? result);
}

internal abstract class StoreCall
{
    public abstract void Execute(HubStore store);

    public abstract void Complete();

    public abstract void Fail(Exception e);
}

internal sealed class StoreCall<T>(Func<HubStore, T> work) : StoreCall
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Task => _done.Task;

    public override void Execute(HubStore store) => _result = work(store);

    public override void Complete() => _done.SetResult(_result!);

    public override void Fail(Exception e) => _done.SetException(e);
}

internal abstract class LongCall
{
    public abstract bool Advance(HubStore store);

    public abstract void Complete();

    public abstract void Fail(Exception e);
}

internal sealed class LongCall<T>(ILongWork<T> work) : LongCall
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Task => _done.Task;

    public override bool Advance(HubStore store) => work.Advance(store, out _result);

    public override void Complete()
    {
        work.Dispose();
        _done.SetResult(_result!);
    }

    public override void Fail(Exception e)
    {
        work.Dispose();
        _done.SetException(e);
    }
}
