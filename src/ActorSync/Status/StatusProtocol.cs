using ActorSync.Journal;
using ActorSync.Model;
using Akka.Actor;

namespace ActorSync.Status;

/// <summary>What can be asked of a profile's one read model.</summary>
internal static class StatusProtocol
{
    /// <summary>Replies <see cref="StatusSnapshot"/>, always: what is not known now is shown as the error that keeps it.</summary>
    public sealed record GetStatus(IActorRef ReplyTo);

    /// <summary>
    /// Where an operation is and why. What the journal does not hold (any more) the hub is asked for. Replies <see cref="Explanation"/>, or
    /// <see cref="JournalProtocol.Unavailable"/>.
    /// </summary>
    public sealed record Explain(OperationId Operation, IActorRef ReplyTo);

    /// <summary>
    /// Said by a status actor to its profile when it starts: all that was reported to its predecessor, once more, and then <see cref="ToldAll"/>. It has
    /// no memory of its own, and answers nobody before.
    /// </summary>
    public sealed record TellAgain
    {
        public static readonly TellAgain Instance = new();
    }

    public sealed record ToldAll
    {
        public static readonly ToldAll Instance = new();
    }

    /// <summary>Published on the EventStream when the overall state of a profile changes.</summary>
    public sealed record HealthChanged(string Profile, HealthView Health);
}
