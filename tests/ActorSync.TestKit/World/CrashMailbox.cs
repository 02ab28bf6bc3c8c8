using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace ActorSync.TestKit;

/// <summary>When a planned crash comes.</summary>
public enum CrashWhen
{
    /// <summary>The actor throws instead of looking at the message; with it goes whatever its sender waits for.</summary>
    Instead,

    /// <summary>The actor deals with the message, and throws before it sees another one.</summary>
    After,
}

/// <summary>One crash of the actor at a path, at its k-th message from now on, whichever incarnation gets it.</summary>
public sealed class PlannedCrash
{
    private int _left;

    internal PlannedCrash(string path, int message, CrashWhen when) => (Path, _left, When) = (path, message, when);

    public string Path { get; }

    public CrashWhen When { get; }

    /// <summary>What it was at; null while it has not come to that.</summary>
    public object? Message { get; private set; }

    internal bool Strikes(object message)
    {
        if (Message is not null || --_left > 0)
        {
            return false;
        }

        Message = message;
        return true;
    }
}

/// <summary>Every mailbox of a world: counts what an actor is given, and makes it fall where that was planned.</summary>
internal sealed class CrashMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<CrashQueue>
{
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new CrashQueue(owner, system);
}

internal sealed class CrashQueue(IActorRef owner, ActorSystem system) : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private readonly UnboundedMessageQueue _queue = new();
    private Node? _node;
    private bool _crashNext;

    public bool HasMessages => _crashNext || _queue.HasMessages;

    public int Count => _queue.Count;

    public void Enqueue(IActorRef receiver, Envelope envelope) => _queue.Enqueue(receiver, envelope);

    public bool TryDequeue(out Envelope envelope)
    {
        if (_crashNext)
        {
            _crashNext = false;
            envelope = new Envelope(Node.CrashNow.Instance, ActorRefs.NoSender);
            return true;
        }

        if (!_queue.TryDequeue(out envelope))
        {
            return false;
        }

        if (Plan() is { } plan && plan.Strikes(envelope.Message))
        {
            if (plan.When == CrashWhen.After)
            {
                _crashNext = true;
            }
            else
            {
                // The actor's next behaviour is to fall; a new instance begins with its own again.
                ((ActorCell)((ActorRefWithCell)owner).Underlying).Become(static _ => throw new InjectedCrashException());
            }
        }

        return true;
    }

    public void CleanUp(IActorRef owner, IMessageQueue deadletters) => _queue.CleanUp(owner, deadletters);

    private PlannedCrash? Plan()
    {
        if (_node is null)
        {
            if (system.Scheduler is not WorldScheduler scheduler)
            {
                return null;
            }

            _node = WorldScheduler.NodeOf(scheduler);
        }

        return _node.Planned is { } plan && owner.Path.ToStringWithoutAddress() == plan.Path ? plan : null;
    }
}
