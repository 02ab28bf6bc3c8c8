namespace ActorSync.Restart;

/// <summary>A call on its way, and the stamp of its answer: compared by reference, because answers outlive incarnations and numbers begin again.</summary>
internal class Errand : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    public Errand() => Token = _cancellation.Token;

    public CancellationToken Token { get; }

    /// <summary>It is not disposed then: the call may still look at its token.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Once it has been answered.</summary>
    public void Dispose()
    {
        _cancellation.Dispose();
        GC.SuppressFinalize(this);
    }
}
