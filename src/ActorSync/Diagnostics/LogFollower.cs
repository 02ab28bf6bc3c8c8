using System.Threading.Channels;

namespace ActorSync.Diagnostics;

/// <summary>Where the lines for one reader wait. A reader that is slow loses lines and is told how many; nobody waits for it.</summary>
internal sealed class LogFollower(LineFilter filter, int capacity = 1_000)
{
    private readonly Channel<LogLine> _lines = Channel.CreateBounded<LogLine>(
        new BoundedChannelOptions(capacity)
        {
            FullMode = BoundedChannelFullMode.Wait,
            SingleReader = true,
            SingleWriter = true,
        }
    );
    private long _dropped;

    public LineFilter Filter => filter;

    public ChannelReader<LogLine> Lines => _lines.Reader;

    /// <summary>Lines that were lost behind the last one read; asked for when there is nothing to read.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    public void Offer(LogLine line)
    {
        var lost = TakeDropped();
        if (!_lines.Writer.TryWrite(lost == 0 ? line : line with { Dropped = lost }))
        {
            Interlocked.Add(ref _dropped, lost + 1);
        }
    }

    public void End() => _lines.Writer.TryComplete();
}
