using System.Collections.Immutable;
using ActorSync.Changes;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>What is said to and by the journal about changes of the replica. The first question makes it record them, from then on.</summary>
internal static class ChangeProtocol
{
    /// <summary>
    /// The next entities that changed behind a position. Replies <see cref="ChangesRead"/> when there is one, however long that takes: whoever does not
    /// want to wait any more says <see cref="ForgetReader"/>.
    /// </summary>
    /// <param name="After">Null, or a position that is not of this journal, is the beginning.</param>
    /// <param name="Entity">Null for all.</param>
    public sealed record ReadChanges(ChangePosition? After, string? Entity, int Limit, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Items">Empty when nothing of that entity was among those looked at; there are more.</param>
    /// <param name="Position">Where to go on.</param>
    /// <param name="HasMore">There may be more now.</param>
    /// <param name="IsSnapshot">The position asked for is not known: these are read from the beginning.</param>
    public sealed record ChangesRead(ImmutableArray<EntityChanged> Items, ChangePosition Position, bool HasMore, bool IsSnapshot);

    /// <summary>The one who asked as <paramref name="Reader"/> waits no more. No reply.</summary>
    public sealed record ForgetReader(IActorRef Reader, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>One entity as it is now, whether it changed or not. Replies <see cref="EntityChanged"/>.</summary>
    public sealed record ReadEntity(string Entity, string EntityId, IActorRef ReplyTo) : IJournalCommand;

    /// <summary>Replies <see cref="SubscriptionPlace"/>.</summary>
    public sealed record GetSubscription(string Name, string? Entity, IActorRef ReplyTo) : IJournalCommand;

    /// <param name="Position">Null: it has acknowledged nothing.</param>
    public sealed record SubscriptionPlace(ChangePosition? Position);

    /// <summary>Moves a named subscription on, never back. Replies <see cref="SubscriptionPlace"/> when that is on disk.</summary>
    public sealed record MoveSubscription(string Name, string? Entity, ChangePosition Position, IActorRef ReplyTo) : IJournalCommand;
}
