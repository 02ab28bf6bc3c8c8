namespace ActorSync.TestKit;

/// <summary>Virtual time of one node. <c>Task.Delay</c>, <c>CancellationTokenSource</c> and timers made with it are virtual as well.</summary>
public sealed class NodeTime : TimeProvider
{
    private readonly Node _node;

    internal NodeTime(Node node) => _node = node;

    /// <summary>How wrong the wall clock is; may jump either way.</summary>
    public TimeSpan WallOffset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => _node.World.Now + WallOffset;

    public override long GetTimestamp() => _node.World.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(_node, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class VirtualTimer(Node node, TimerCallback callback, object? state) : ITimer
    {
        private int _setting;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
            {
                return false;
            }

            var setting = ++_setting;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                node.At(dueTime, () => Fire(setting, period), () => _disposed || setting != _setting);
            }

            return true;
        }

        public void Dispose() => _disposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int setting, TimeSpan period)
        {
            callback(state);
            if (period > TimeSpan.Zero && setting == _setting)
            {
                Change(period, period);
            }
        }
    }
}
