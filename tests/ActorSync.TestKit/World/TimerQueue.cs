using System.Diagnostics.CodeAnalysis;

namespace ActorSync.TestKit;

/// <summary>Virtual time and what is due in it.</summary>
internal sealed class TimerQueue(Random random)
{
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Two timers of one instant fire in an order that the seed decides; the number only keeps the order total.
    private readonly PriorityQueue<(Action Action, Func<bool> Dead), (long At, int Tie, long Number)> _queue = new();
    private readonly Lock _gate = new();
    private long _number;

    public long Now { get; private set; }

    public void Add(TimeSpan delay, Action action, Func<bool> dead)
    {
        lock (_gate)
        {
            _queue.Enqueue((action, dead), (Now + Math.Max(0, delay.Ticks), random.Next(), _number++));
        }
    }

    public void Spend(long ticks) => Now += ticks;

    public bool TryTakeDue([NotNullWhen(true)] out Action? action)
    {
        lock (_gate)
        {
            while (_queue.TryPeek(out var timer, out var due) && due.At <= Now)
            {
                _queue.Dequeue();
                if (!timer.Dead())
                {
                    action = timer.Action;
                    return true;
                }
            }
        }

        action = null;
        return false;
    }

    /// <summary>Moves on to the next timer, or to the end when that comes first; false when it did the latter.</summary>
    public bool TryLeap(long end)
    {
        lock (_gate)
        {
            while (_queue.TryPeek(out var timer, out _) && timer.Dead())
            {
                _queue.Dequeue();
            }

            var next = _queue.TryPeek(out _, out var due) ? due.At : long.MaxValue;
            Now = Math.Max(Now, Math.Min(next, end));
            return next < end;
        }
    }
}
