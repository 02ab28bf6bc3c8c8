using ActorSync.Journal;
using ActorSync.Restart;
using ActorSync.Runtime;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

/// <summary>The table as data, and each row against what the tree really does.</summary>
public sealed class SupervisionTests
{
    [Fact]
    [Trait("criterion", "S1")]
    public void The_table_is_the_one_that_was_decided()
    {
        var rows = Supervision.Table.Select(row =>
            $"{row.Child} | {row.Failure} | {row.Directive} | {Text(row.Backoff)} | {row.Limit?.ToString() ?? "-"} | {row.Then}"
        );

        rows.ShouldBe([
            "journal | CannotOpen | Stop | - | - | ProfileFailed",
            "journal | Any | RestartWithBackoff | 00:00:01..00:00:30 | - | JournalUnavailable",
            "auth | Any | Restart | - | 5 in 00:01:00 | CredentialUnavailable",
            "sync | Any | Restart | - | 5 in 00:01:00 | ProfileFailed",
            "drain | Any | RestartWithBackoff | 00:00:01..00:05:00 | 10 in 00:10:00 | LaneError",
            "pull | Any | RestartWithBackoff | 00:00:01..00:05:00 | 10 in 00:10:00 | LaneError",
            "hangar | CredentialRefused | Stop | - | - | HangarWaits",
            "hangar | Any | RestartWithBackoff | 00:00:01..01:00:00 | - | HangarError",
            "status | Any | Restart | - | 5 in 00:01:00 | ProfileFailed",
            "network | Any | RestartWithBackoff | 00:00:05..00:01:00 | 10 in 00:10:00 | NetworkUnwatched",
            "outbox | Any | RestartWithBackoff | 00:00:01..00:05:00 | 10 in 00:10:00 | OutboxWaits",
            "profile | Any | Stop | - | - | ProfileFailed",
            "profiles | Any | Stop | - | - | RuntimeFailed",
        ]);
    }

    [Fact]
    [Trait("criterion", "S1")]
    public void Every_actor_of_the_tree_has_its_rows_and_every_row_its_actor()
    {
        using var world = new ProfileWorld();
        string[] paths =
        [
            "/user/actorsync/profiles",
            "/user/actorsync/profiles/default",
            "/user/actorsync/profiles/default/auth",
            "/user/actorsync/profiles/default/hangar",
            "/user/actorsync/profiles/default/journal",
            "/user/actorsync/profiles/default/network",
            "/user/actorsync/profiles/default/status",
            "/user/actorsync/profiles/default/sync",
            "/user/actorsync/profiles/default/sync/drain-bulk",
            "/user/actorsync/profiles/default/sync/drain-priority",
            "/user/actorsync/profiles/default/sync/pull",
        ];

        world.World.Run(TimeSpan.FromSeconds(1));

        Below(world.Runtime).Order(StringComparer.Ordinal).ShouldBe(paths);
        paths
            .Select(path =>
                path.Split('/')[^1] switch
                {
                    "default" => "profile",
                    "drain-bulk" or "drain-priority" => "drain",
                    var name => name,
                }
            )
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ShouldBe(
                Supervision
                    .Table.Select(row => row.Child)
                    .Except([Supervision.Outbox], StringComparer.Ordinal)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
            );
    }

    public static TheoryData<string> RestartedAtOnce =>
        [.. Supervision.Table.Where(row => row.Directive == ChildDirective.Restart).Select(row => row.Child)];

    [Theory]
    [MemberData(nameof(RestartedAtOnce))]
    [Trait("criterion", "S1")]
    [Trait("criterion", "S6")]
    public void A_child_that_is_restarted_at_once_keeps_its_address_up_to_the_limit_and_then_what_the_table_says_follows(string child)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        var row = Supervision.For(child).ShouldHaveSingleItem();
        var address = world.Child(child);

        for (var failure = 1; failure <= row.Limit!.Failures; failure++)
        {
            world.World.Node.Crash(address);
            world.World.Log.Expect(failure, LogLevel.WarningLevel, $"Actor {child} failed and is restarted");
            world.Child(child).ShouldBe(address);
        }

        world.Enqueue(1);
        world.Drained();
        world.World.Node.Crash(address);
        world.World.Log.Expect(1, LogLevel.ErrorLevel, $"Actor {child} failed");
        world.World.Run(TimeSpan.FromSeconds(1));

        switch (row.Then)
        {
            case Consequence.ProfileFailed:
                world.Readiness().ShouldBeOfType<RuntimeProtocol.ProfileFailed>().Reason.ShouldContain(child);
                world.Status().Health.State.ShouldBe("ERR");
                break;
            case Consequence.CredentialUnavailable:
                world.Status().Health.State.ShouldBe("PAUSED");
                world.DrainNow().Stopped.ShouldBe("Paused");
                world.World.Run(Supervision.CredentialRetry);
                world.Status().Health.State.ShouldBe("OK", "the store was read again");
                break;
            default:
                throw new InvalidOperationException($"no test for {row.Then}");
        }
    }

    [Theory]
    [MemberData(nameof(RestartedAtOnce))]
    [Trait("criterion", "S6")]
    public void Failures_that_are_spread_out_are_never_over_the_limit(string child)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        for (var failure = 0; failure < 30; failure++)
        {
            world.World.Node.Crash(world.Child(child));
            world.World.Run(TimeSpan.FromSeconds(13));
        }

        world.World.Log.Count(LogLevel.WarningLevel, $"Actor {child} failed and is restarted").ShouldBe(30);
        world.Enqueue(1);
        world.Drained();
    }

    [Fact]
    [Trait("criterion", "S1")]
    [Trait("criterion", "Q9")]
    public void A_journal_that_falls_is_made_again_with_backoff_and_answered_for_meanwhile()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        for (var failure = 1; failure <= 8; failure++)
        {
            var before = world.Child("journal");
            world.World.Node.Crash(before);
            world.World.RunUntil(() => world.Journal.Actor is null).ShouldBeTrue();
            var down = world.World.Elapsed;
            world
                .AskJournal<JournalProtocol.Unavailable>(asker => new JournalProtocol.EnqueueMany(
                    [ProfileWorld.Operation("x")],
                    null,
                    asker
                ))
                .Remedy.ShouldNotBeNullOrWhiteSpace();

            world.World.RunUntil(() => world.Journal.Actor is not null, TimeSpan.FromSeconds(31)).ShouldBeTrue();

            var law = Supervision.For("journal").Single(row => row.Failure == FailureKind.Any).Backoff!;
            (world.World.Elapsed - down).ShouldBeInRange(law.Floor / 2, law.Ceiling(failure) + TimeSpan.FromMilliseconds(10));
            world.Journal.Actor.ShouldNotBe(before);
        }

        var ids = world.Enqueue(3);
        world.Drained();
        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "S1")]
    [Trait("criterion", "Q15")]
    public void A_journal_that_may_not_be_opened_fails_the_profile_with_name_and_remedy_and_is_left_alone()
    {
        using var world = new ProfileWorld(start: false);
        var file = Path.Combine(world.Folder, "journal.db");
        File.WriteAllBytes(file, [.. Enumerable.Repeat((byte)'?', 8_192)]);
        var before = File.ReadAllBytes(file);
        var failures = world.World.Probe();
        world.World.System.EventStream.Subscribe(failures.Ref, typeof(RuntimeProtocol.RuntimeFailed));
        world.Start();

        var failed = world.Readiness().ShouldBeOfType<RuntimeProtocol.ProfileFailed>();

        failed.Cause.ShouldBeOfType<JournalOpenException>().Path.ShouldContain("journal.db");
        failed.Remedy.ShouldNotBeNullOrWhiteSpace();
        failures.Expect<RuntimeProtocol.RuntimeFailed>();
        world.World.Run(TimeSpan.FromHours(1));
        File.ReadAllBytes(file).ShouldBe(before);
        var status = world.Status();
        status.Health.State.ShouldBe("ERR");
        status.Health.Reason.ShouldContain(failed.Remedy);
        status.Queue.Pending.ShouldBe(-1);
        world.AskJournal<JournalProtocol.Unavailable>(asker => new JournalProtocol.GetCounts(asker)).Reason.ShouldBe(failed.Reason);
        world.Stop().Clean.ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/..")]
    [Trait("criterion", "S1")]
    public void A_supervisor_that_falls_stays_stopped_visible_and_answered_for(string which)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(1));
        var failures = world.World.Probe();
        world.World.System.EventStream.Subscribe(failures.Ref, typeof(RuntimeProtocol.RuntimeFailed));

        world.World.Node.Crash(which.Length == 0 ? world.Profile : ((IInternalActorRef)world.Profile).Parent);

        failures.Expect<RuntimeProtocol.RuntimeFailed>().Error.ShouldContain("injected crash");
        world.World.Run(TimeSpan.FromHours(1));
        failures.ExpectNone();
        world.Readiness().ShouldBeOfType<RuntimeProtocol.ProfileFailed>().Reason.ShouldNotBeNullOrWhiteSpace();
        world.AskJournal<JournalProtocol.Unavailable>(asker => new JournalProtocol.GetCounts(asker));
        world.Stop();
    }

    private static IEnumerable<string> Below(IActorRef actor) =>
        ((ActorRefWithCell)actor).Children.SelectMany(child => new[] { child.Path.ToStringWithoutAddress() }.Concat(Below(child)));

    private static string Text(BackoffLaw? law) => law is null ? "-" : $"{law.Min}..{law.Max}";
}
