using Akka.Actor;
using static ActorSync.Pull.PullProtocol;

namespace ActorSync.Pull;

/// <summary>The puller's side of taking turns with the lanes.</summary>
internal sealed class PullTurn(IActorRef self, IActorRef sync, PullMemory memory)
{
    private long _number;

    public bool Held { get; private set; }

    public void Ask()
    {
        if (_number == 0)
        {
            _number = memory.NextTurn();
            sync.Tell(new AskTurn(_number), self);
        }
    }

    /// <summary>False when it answers a question that was taken back.</summary>
    public bool Given(TurnGiven given)
    {
        Held |= given.Number == _number;
        return given.Number == _number;
    }

    public void Over()
    {
        if (_number != 0)
        {
            sync.Tell(new TurnOver(_number), self);
            (_number, Held) = (0, false);
        }
    }
}
