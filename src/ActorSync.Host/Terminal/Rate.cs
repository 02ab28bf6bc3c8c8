namespace ActorSync.Host.Terminal;

/// <summary>How fast a counter moves: over the last seconds for a gauge, over the whole for a summary.</summary>
internal sealed class Rate(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private readonly Queue<(long At, long Count)> _samples = new();

    public double Sample(long count)
    {
        var now = time.GetTimestamp();
        _samples.Enqueue((now, count));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, now) > Window)
        {
            _samples.Dequeue();
        }

        var (at, first) = _samples.Peek();
        return PerSecond(count - first, time.GetElapsedTime(at, now));
    }

    public static double PerSecond(long count, TimeSpan took) => took > TimeSpan.Zero ? Math.Round(count / took.TotalSeconds, 1) : 0;
}
