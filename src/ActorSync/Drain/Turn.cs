using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Drain;

/// <summary>The lane's side of taking turns with the other one.</summary>
internal sealed class Turn(Lane lane, IActorRef self, IActorRef sync, LaneLimits limits)
{
    private long _number;
    private long _maxSent;
    private bool _asked;

    public bool Held { get; private set; }

    public long HighestSent { get; private set; }

    public void Ask()
    {
        if (!_asked)
        {
            (_asked, _number, _maxSent) = (true, limits.NextTurn(), 0);
            sync.Tell(new AskTurn(lane, _number), self);
        }
    }

    /// <summary>False when it answers a question that was taken back.</summary>
    public bool Given(TurnGiven given)
    {
        if (!_asked || given.Number != _number)
        {
            return false;
        }

        (Held, HighestSent) = (true, given.HighestSent);
        return true;
    }

    public void Sent(long maxLamport) => _maxSent = Math.Max(_maxSent, maxLamport);

    public void Over()
    {
        if (_asked)
        {
            (_asked, Held) = (false, false);
            sync.Tell(new TurnOver(lane, _number, _maxSent), self);
        }
    }
}
