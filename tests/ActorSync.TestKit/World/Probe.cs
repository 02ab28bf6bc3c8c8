using Akka.Actor;

namespace ActorSync.TestKit;

/// <summary>An actor that keeps what it is sent, so that a test can ask for it.</summary>
public sealed class Probe
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(3);

    private readonly Node _node;
    private readonly Queue<(object Message, IActorRef Sender)> _inbox = new();
    private readonly List<object> _received = [];
    private Func<object, IActorRef, bool> _answer = static (_, _) => false;

    internal Probe(Node node, string name)
    {
        _node = node;
        Ref = node.System.ActorOf(Props.Create(() => new Collector(this)), name);
    }

    public IActorRef Ref { get; }

    /// <summary>Everything it was ever sent, answered or not.</summary>
    public IReadOnlyList<object> Received => _received;

    /// <summary>What waits to be expected.</summary>
    public int Waiting => _inbox.Count;

    /// <summary>Who sent the message that was expected last.</summary>
    public IActorRef LastSender { get; private set; } = ActorRefs.Nobody;

    /// <summary>Plays another actor: messages for which this gives true are dealt with by it and need not be expected.</summary>
    public Probe Autopilot(Func<object, IActorRef, bool> answer)
    {
        _answer = answer;
        return this;
    }

    /// <summary>Runs the world until the next message is here, which must be a T that fits; throws otherwise.</summary>
    public T Expect<T>(Func<T, bool>? fits = null, TimeSpan? within = null)
    {
        var message = Next(within, typeof(T).Name);
        return message is T expected && (fits is null || fits(expected))
            ? expected
            : throw new ExpectationException(_node.World.Describe($"{Ref.Path.Name} expected a {typeof(T).Name}, got {message}"));
    }

    /// <summary>Drops messages until a T that fits is here.</summary>
    public T Fish<T>(Func<T, bool>? fits = null, TimeSpan? within = null)
    {
        var end = _node.World.Elapsed + (within ?? DefaultWait);
        while (true)
        {
            var left = end - _node.World.Elapsed;
            if (Next(left > TimeSpan.Zero ? left : TimeSpan.Zero, typeof(T).Name) is T found && (fits is null || fits(found)))
            {
                return found;
            }
        }
    }

    /// <summary>Runs the world that long; throws when anything arrives (or waited already).</summary>
    public void ExpectNone(TimeSpan? during = null)
    {
        if (_node.World.RunUntil(() => _inbox.Count > 0, during ?? TimeSpan.FromMilliseconds(500)))
        {
            throw new ExpectationException(_node.World.Describe($"{Ref.Path.Name} expected nothing, got {_inbox.Peek().Message}"));
        }
    }

    /// <summary>Runs the world until the actor has stopped; its Terminated need not be expected.</summary>
    public void ExpectStopped(IActorRef actor, TimeSpan? within = null)
    {
        var watching = actor.WatchAsync(_node);
        if (!_node.World.RunUntil(() => watching.IsCompleted, within ?? DefaultWait))
        {
            throw new ExpectationException(_node.World.Describe($"{actor.Path} goes on"));
        }
    }

    public void Watch(IActorRef actor) => Ref.Tell(new WatchIt(actor), ActorRefs.NoSender);

    public void Send(IActorRef to, object message) => to.Tell(message, Ref);

    public void Reply(object message) => LastSender.Tell(message, Ref);

    private object Next(TimeSpan? within, string what)
    {
        if (!_node.World.RunUntil(() => _inbox.Count > 0, within ?? DefaultWait))
        {
            throw new ExpectationException(_node.World.Describe($"{Ref.Path.Name} expected a {what}, nothing came"));
        }

        (var message, LastSender) = _inbox.Dequeue();
        return message;
    }

    private void Take(object message, IActorRef sender)
    {
        _received.Add(message);
        if (!_answer(message, sender))
        {
            _inbox.Enqueue((message, sender));
        }
    }

    private sealed record WatchIt(IActorRef Actor);

    private sealed class Collector(Probe probe) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case WatchIt watch:
                    Context.Watch(watch.Actor);
                    break;
                default:
                    probe.Take(message, Sender);
                    break;
            }
        }
    }
}

internal static class Watching
{
    /// <summary>Completes when the actor has stopped.</summary>
    public static Task WatchAsync(this IActorRef actor, Node node)
    {
        var stopped = new TaskCompletionSource();
        node.System.ActorOf(Props.Create(() => new Watcher(actor, stopped)));
        return stopped.Task;
    }

    private sealed class Watcher(IActorRef actor, TaskCompletionSource stopped) : UntypedActor
    {
        protected override void PreStart() => Context.Watch(actor);

        protected override void OnReceive(object message)
        {
            if (message is Terminated)
            {
                stopped.TrySetResult();
                Context.Stop(Self);
            }
        }
    }
}
