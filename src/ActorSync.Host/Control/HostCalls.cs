using System.Collections.Frozen;
using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Restart;
using ActorSync.Runtime;
using static ActorSync.Diagnostics.ActorLogProtocol;

namespace ActorSync.Host.Control;

/// <summary>Everything that can be asked of a running host beside its profiles.</summary>
internal static class HostCalls
{
    private static readonly HostJson Json = HostJson.Default;
    private const string Root = $"/user/{RuntimeSupervisor.Name}";

    public static readonly HostCall<ActorsAsk, ActorDocument> Actors = new(
        "actors",
        Json.ActorsAsk,
        Json.ActorDocument,
        static (desk, _, _) => Task.FromResult(ActorDocument.Of(Tree(desk)))
    );

    public static readonly HostCall<LevelAsk, LevelsDocument> Level = new(
        "log-level",
        Json.LevelAsk,
        Json.LevelsDocument,
        static async (desk, ask, cancellation) =>
        {
            if (ask.Actor is null)
            {
                var levels = ActorLogDesk.Of(desk.System).Levels;
                return LevelsDocument.Of(new Levels(levels.Floor, levels.Rules));
            }

            var actor = LogWords.Actor(ask.Actor)!;
            if (!Tree(desk).All.Any(node => actor.Matches(node.Path)))
            {
                throw new SyncException("unknown_actor", $"there is no actor '{ask.Actor}'", "see 'actorsync actors' for their paths");
            }

            var level = ask.Level == LogWords.Default ? (Akka.Event.LogLevel?)null : LogWords.Level(ask.Level);
            TimeSpan? time = ask.Seconds is { } seconds ? LogWords.Bounded(seconds) : null;
            return LevelsDocument.Of(await desk.AskLogAsync<Levels>(replyTo => new SetLevel(actor, level, time, replyTo), cancellation));
        }
    );

    public static readonly HostCall<Empty, ProfilesDocument> Profiles = new(
        "profiles",
        Json.Empty,
        Json.ProfilesDocument,
        static async (desk, _, cancellation) => new ProfilesDocument(await desk.Profiles.ListAsync(cancellation))
    );

    public static readonly HostCall<ProfileAsk, ProfilesDocument> CreateProfile = new(
        "profile-create",
        Json.ProfileAsk,
        Json.ProfilesDocument,
        static async (desk, ask, cancellation) =>
        {
            await desk.Profiles.CreateAsync(ask.Name, cancellation);
            return new ProfilesDocument(await desk.Profiles.ListAsync(cancellation));
        }
    );

    public static readonly HostCall<ProfileAsk, ProfilesDocument> UseProfile = new(
        "profile-use",
        Json.ProfileAsk,
        Json.ProfilesDocument,
        static async (desk, ask, cancellation) =>
        {
            desk.Profiles.Use(ask.Name);
            return new ProfilesDocument(await desk.Profiles.ListAsync(cancellation));
        }
    );

    public static readonly HostCall<ProfileAsk, RemovedProfileDocument> RemoveProfile = new(
        "profile-remove",
        Json.ProfileAsk,
        Json.RemovedProfileDocument,
        static (desk, ask, cancellation) => desk.Profiles.RemoveAsync(ask.Name, ask.Yes, cancellation)
    );

    public static readonly FrozenDictionary<string, HostCall> All = new HostCall[]
    {
        Actors,
        Level,
        Profiles,
        CreateProfile,
        UseProfile,
        RemoveProfile,
    }.ToFrozenDictionary(static c => c.Name, StringComparer.Ordinal);

    private static ActorNode Tree(ControlDesk desk) =>
        ActorTree.Read(desk.System, Root) ?? new ActorNode(Root, "stopped", null, null, null, null, ImmutableArray<ActorNode>.Empty);
}
