using ActorSync.Model;
using ActorSync.Pull;
using ActorSync.Restart;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Sync;

/// <summary>Both lanes' actors and the puller, the orders that they have taken, and what waits until they have.</summary>
internal sealed class LaneKeepers(Func<Lane, ChildKeeper> keeper, ChildKeeper? pull)
{
    public const string PullName = "pull";

    private readonly ChildKeeper[] _keepers = [keeper(Lane.Priority), keeper(Lane.Bulk)];
    private readonly long[] _taken = new long[2];
    private long _pullTaken;
    private readonly List<(long Version, Action Then)> _waiting = [];

    public long Version { get; private set; }

    public bool Started { get; private set; }

    /// <summary>There is nothing to send with: the lanes are stopped.</summary>
    public bool Resting { get; private set; }

    public static string NameOf(Lane lane) => lane == Lane.Priority ? "drain-priority" : "drain-bulk";

    public ChildKeeper this[Lane lane] => _keepers[(int)lane];

    /// <summary>Null in tests that have none.</summary>
    public ChildKeeper? Pull => pull;

    public void Start()
    {
        (Started, Resting) = (true, false);
        foreach (var lane in _keepers)
        {
            lane.Start();
        }

        pull?.Start();
    }

    public void Rest()
    {
        (Started, Resting) = (true, true);
        Array.ForEach(_keepers, static lane => lane.Pause());
        pull?.Pause();
    }

    public void NoMore()
    {
        Array.ForEach(_keepers, lane => lane.NoMore());
        pull?.NoMore();
    }

    public void Tell(object message)
    {
        foreach (var lane in _keepers)
        {
            lane.Ref?.Tell(message);
        }
    }

    /// <summary>Also to the puller.</summary>
    public void TellAll(object message)
    {
        Tell(message);
        pull?.Ref?.Tell(message);
    }

    public void Order(Func<Lane, long, Orders> orders, Func<long, PullProtocol.Orders> pullOrders)
    {
        Version++;
        foreach (var lane in new[] { Lane.Priority, Lane.Bulk })
        {
            this[lane].Ref?.Tell(orders(lane, Version));
        }

        pull?.Ref?.Tell(pullOrders(Version));
    }

    /// <summary>Does it when no lane sends under older orders any more.</summary>
    public void WhenTaken(Action then)
    {
        _waiting.Add((Version, then));
        Check();
    }

    public void Taken(OrdersTaken taken)
    {
        _taken[(int)taken.Lane] = Math.Max(_taken[(int)taken.Lane], taken.Version);
        Check();
    }

    public void Taken(PullProtocol.OrdersTaken taken)
    {
        _pullTaken = Math.Max(_pullTaken, taken.Version);
        Check();
    }

    /// <summary>True when the living puller is gone.</summary>
    public bool OnPullGone(ChildGone gone)
    {
        if (pull is null || !pull.Concerns(gone))
        {
            return false;
        }

        pull.OnGone(gone);
        Check();
        return true;
    }

    /// <summary>The lane whose actor this is about; null when it is not one of ours, or not the living one.</summary>
    /// <returns>The end is null when it was told to.</returns>
    public (Lane Lane, ChildEnd? End)? OnGone(ChildGone gone)
    {
        foreach (var lane in new[] { Lane.Priority, Lane.Bulk })
        {
            if (this[lane].Concerns(gone))
            {
                var end = this[lane].OnGone(gone);
                Check();
                return (lane, end);
            }
        }

        return null;
    }

    public Lane? OnRetry(RetryChild retry) =>
        this[Lane.Priority].OnRetry(retry) ? Lane.Priority
        : this[Lane.Bulk].OnRetry(retry) ? Lane.Bulk
        : null;

    public Directive OnFailure(IActorRef child, Exception exception) =>
        (
            child.Path.Name == this[Lane.Priority].Name ? this[Lane.Priority]
            : child.Path.Name == PullName && pull is not null ? pull
            : this[Lane.Bulk]
        ).OnFailure(exception);

    // Who is down sends nothing.
    private bool HasTaken(Lane lane, long version) => this[lane].Ref is null || _taken[(int)lane] >= version;

    private bool HaveTaken(long version) =>
        HasTaken(Lane.Priority, version) && HasTaken(Lane.Bulk, version) && (pull?.Ref is null || _pullTaken >= version);

    private void Check()
    {
        foreach (var waiting in _waiting.FindAll(one => HaveTaken(one.Version)))
        {
            _waiting.Remove(waiting);
            waiting.Then();
        }
    }
}
