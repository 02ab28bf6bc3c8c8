using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace ActorSync.Diagnostics;

/// <summary>What can be asked of <see cref="ActorLogTap"/>. It needs no journal, no profile and no network.</summary>
internal static class ActorLogProtocol
{
    /// <summary>Replies <see cref="Recent"/>.</summary>
    /// <param name="Limit">The newest so many.</param>
    public sealed record GetRecent(LineFilter Filter, int Limit, IActorRef ReplyTo);

    /// <summary>Replies <see cref="Recent"/>, behind which the follower gets every line; or <see cref="TooManyFollowers"/>.</summary>
    public sealed record Follow(LogFollower Follower, int Limit, IActorRef ReplyTo);

    public sealed record Unfollow(LogFollower Follower);

    /// <summary>Replies <see cref="Levels"/>.</summary>
    /// <param name="Level">Null: back to what holds without a rule.</param>
    /// <param name="For">Restores by itself after this long; null for never.</param>
    public sealed record SetLevel(ActorPattern Actor, LogLevel? Level, TimeSpan? For, IActorRef ReplyTo);

    public sealed record Recent(ImmutableArray<LogLine> Lines);

    public sealed record TooManyFollowers(int Most);

    public sealed record Levels(LogLevel Floor, ImmutableArray<LevelRule> Rules);
}
