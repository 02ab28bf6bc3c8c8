namespace ActorSync.TestKit;

/// <summary>A clock that stands, for code that asks for the time and waits for nothing.</summary>
public sealed class StillTime : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => TimerQueue.Epoch;

    public override long GetTimestamp() => 0;
}
