using System.Runtime.CompilerServices;

namespace ActorSync.Events;

/// <summary>Hands events to whoever listens. Publishing never waits: each subscriber has a bounded queue of its own, and is told what did not fit.</summary>
/// <remarks>Safe from any thread.</remarks>
/// <param name="asynchronousContinuations">A subscriber's code does not run on the publisher's thread.</param>
internal sealed class EventFeed(TimeProvider time, bool asynchronousContinuations = true)
{
    /// <summary>How many events wait for one subscriber.</summary>
    public const int Capacity = 256;

    private readonly Lock _gate = new();
    private readonly List<Subscriber> _subscribers = [];
    private readonly SortedDictionary<(string Profile, int Slot), SyncEvent> _current = new(
        Comparer<(string Profile, int Slot)>.Create(
            static (a, b) => string.CompareOrdinal(a.Profile, b.Profile) is var byProfile and not 0 ? byProfile : a.Slot.CompareTo(b.Slot)
        )
    );
    private bool _complete;

    public void Publish(SyncEvent said)
    {
        lock (_gate)
        {
            if (SlotOf(said) is { } slot)
            {
                _current[(said.Profile ?? "", slot)] = said;
            }

            foreach (var subscriber in _subscribers.ToArray())
            {
                subscriber.Add(said);
            }
        }
    }

    /// <summary>Nothing more will come: every stream ends behind what is in it.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _complete = true;
            Array.ForEach([.. _subscribers], static subscriber => subscriber.Wake());
        }
    }

    /// <summary>The current state, then what happens. Each enumeration is a subscriber.</summary>
    public async IAsyncEnumerable<SyncEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var subscriber = Enter();
        try
        {
            while (true)
            {
                var (batch, more) = Take(subscriber);
                foreach (var said in batch)
                {
                    yield return said;
                }

                if (more is null)
                {
                    yield break;
                }

                await more.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            Leave(subscriber);
        }
    }

    private Subscriber Enter()
    {
        lock (_gate)
        {
            var subscriber = new Subscriber(_current.Values, asynchronousContinuations);
            _subscribers.Add(subscriber);
            return subscriber;
        }
    }

    private void Leave(Subscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers.Remove(subscriber);
        }
    }

    private (SyncEvent[] Batch, Task? More) Take(Subscriber subscriber)
    {
        lock (_gate)
        {
            return subscriber.Take(_complete, time, _current.Values);
        }
    }

    // What a late subscriber has to know, in the order in which it is told: how sync stands comes first.
    private static int? SlotOf(SyncEvent said) =>
        said switch
        {
            RuntimeFailed => 0,
            ProfileFailed => 1,
            SyncResumed or SyncPaused or SyncOff => 2,
            ConfigChanged => 3,
            _ => null,
        };

    /// <summary>Used under the feed's lock.</summary>
    private sealed class Subscriber(IEnumerable<SyncEvent> current, bool asynchronousContinuations)
    {
        private readonly Queue<SyncEvent> _queue = new(current);
        private TaskCompletionSource? _waiting;
        private long _missed;

        public void Add(SyncEvent said)
        {
            // Behind a gap only the state at its end is worth telling.
            if (_missed > 0 || _queue.Count >= Capacity)
            {
                _missed++;
            }
            else
            {
                _queue.Enqueue(said);
            }

            Wake();
        }

        public void Wake()
        {
            // Where continuations run at once, the subscriber waits anew before this returns.
            var waiting = _waiting;
            _waiting = null;
            waiting?.TrySetResult();
        }

        public (SyncEvent[] Batch, Task? More) Take(bool complete, TimeProvider time, IEnumerable<SyncEvent> state)
        {
            SyncEvent[] batch = _missed == 0 ? [.. _queue] : [.. _queue, new Missed(time.GetUtcNow(), _missed), .. state];
            _queue.Clear();
            _missed = 0;
            if (complete)
            {
                return (batch, null);
            }

            _waiting ??= new TaskCompletionSource(
                asynchronousContinuations ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None
            );
            return (batch, _waiting.Task);
        }
    }
}
