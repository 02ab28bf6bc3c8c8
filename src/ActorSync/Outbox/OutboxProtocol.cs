using Akka.Actor;

namespace ActorSync.Outbox;

/// <summary>What is said to the forwarder of an app's outbox.</summary>
internal static class OutboxProtocol
{
    /// <summary>Said to the profile. Replies <see cref="OutboxAttached"/>; attached already under that name and path is no fault.</summary>
    public sealed record AttachOutbox(string Name, string Path, IActorRef ReplyTo);

    public sealed record OutboxAttached(string Name);

    /// <summary>Said to the profile, which says <see cref="LookNow"/> to the outbox of that name.</summary>
    public sealed record LookAt(string Name);

    /// <summary>The app committed something: look now instead of at the next tick. Coalesced.</summary>
    public sealed record LookNow
    {
        public static readonly LookNow Instance = new();
    }

    /// <summary>Replies <see cref="OutboxView"/>.</summary>
    public sealed record GetOutbox(IActorRef ReplyTo);

    /// <param name="Forwarded">The last row of the app's table that the journal holds.</param>
    /// <param name="Problem">Why nothing is carried over now; null when all is well.</param>
    public sealed record OutboxView(string Name, string Path, long Forwarded, string? Problem);
}
