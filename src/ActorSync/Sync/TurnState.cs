using ActorSync.Model;

namespace ActorSync.Sync;

/// <summary>Who may send: one request of a profile at a time, the priority lane first, then the puller. Pure.</summary>
/// <remarks>
/// The puller takes turns, too: each request shows the hub's pair, and answers of two that crossed could be of two histories of the hub.
/// A push carries the clock that its batch was read with, and a hub that has seen a newer stamp of this device takes the caller for a restored
/// journal (WIRE rule e). With two requests on the way that could happen to a healthy one.
/// </remarks>
internal sealed record TurnState
{
    public Lane? Holder { get; init; }

    public long HolderNumber { get; init; }

    /// <summary>By lane: the number of the question that waits.</summary>
    public long? Priority { get; init; }

    public long? Bulk { get; init; }

    /// <summary>The puller's question that waits.</summary>
    public long? Pull { get; init; }

    /// <summary>The puller has the turn.</summary>
    public long? PullHolds { get; init; }

    public long HighestSent { get; init; }

    public TurnState Want(Lane lane, long number) =>
        (lane == Lane.Priority ? this with { Priority = number } : this with { Bulk = number }).Give();

    public TurnState Over(Lane lane, long number, long maxLamport)
    {
        var next = this with { HighestSent = Math.Max(HighestSent, maxLamport) };
        if (Holder == lane && HolderNumber == number)
        {
            return (next with { Holder = null }).Give();
        }

        return (lane, number) switch
        {
            (Lane.Priority, var n) when n == Priority => next with { Priority = null },
            (Lane.Bulk, var n) when n == Bulk => next with { Bulk = null },
            _ => next,
        };
    }

    public TurnState WantPull(long number) => (this with { Pull = number }).Give();

    public TurnState PullOver(long number) =>
        PullHolds == number ? (this with { PullHolds = null }).Give()
        : Pull == number ? this with { Pull = null }
        : this;

    /// <summary>The puller's actor is gone, and with it what it held and asked.</summary>
    public TurnState PullGone() => (this with { Pull = null, PullHolds = null }).Give();

    /// <summary>The lane's actor is gone, and with it what it held and asked.</summary>
    public TurnState Gone(Lane lane)
    {
        var next = lane == Lane.Priority ? this with { Priority = null } : this with { Bulk = null };
        return (next.Holder == lane ? next with { Holder = null } : next).Give();
    }

    private TurnState Give() =>
        this switch
        {
            { Holder: not null } or { PullHolds: not null } => this,
            { Priority: { } number } => this with { Holder = Lane.Priority, HolderNumber = number, Priority = null },
            { Pull: { } number } => this with { PullHolds = number, Pull = null },
            { Bulk: { } number } => this with { Holder = Lane.Bulk, HolderNumber = number, Bulk = null },
            _ => this,
        };
}
