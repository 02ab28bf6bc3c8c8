using Akka.Actor;

namespace ActorSync.Restart;

/// <summary>What a child was dealing with when it fell; asked from its parent's strategy, while the child is suspended.</summary>
internal static class InHand
{
    /// <summary>Null when it fell by itself, such as in its constructor.</summary>
    public static object? Of(IActorRef child) => child is ActorRefWithCell { Underlying: ActorCell cell } ? cell.CurrentMessage : null;
}
