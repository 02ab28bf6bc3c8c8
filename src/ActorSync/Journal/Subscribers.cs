using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Who wants to hear of pending operations. One word is out to each at most; what comes meanwhile is said when they ask again.</summary>
internal sealed class Subscribers
{
    private readonly Dictionary<IActorRef, Waiting> _waiting = [];

    /// <returns>True when this one was not known before.</returns>
    public bool Arm(IActorRef subscriber)
    {
        var known = _waiting.TryGetValue(subscriber, out var waiting);
        _waiting[subscriber] = Tell(subscriber, waiting with { Armed = true });
        return !known;
    }

    public void News(bool priority, bool bulk)
    {
        if (!priority && !bulk)
        {
            return;
        }

        foreach (var subscriber in _waiting.Keys.OrderBy(actor => actor.Path.Uid).ToArray())
        {
            var waiting = _waiting[subscriber];
            _waiting[subscriber] = Tell(subscriber, waiting with { Priority = waiting.Priority | priority, Bulk = waiting.Bulk | bulk });
        }
    }

    public void Remove(IActorRef subscriber) => _waiting.Remove(subscriber);

    private static Waiting Tell(IActorRef subscriber, Waiting waiting)
    {
        if (!waiting.Armed || !(waiting.Priority || waiting.Bulk))
        {
            return waiting;
        }

        subscriber.Tell(new OperationsPending(waiting.Priority, waiting.Bulk), ActorRefs.NoSender);
        return default;
    }

    private readonly record struct Waiting(bool Armed, bool Priority, bool Bulk);
}
