using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Runtime;
using Akka.Actor;
using Shouldly;
using Xunit;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Tests.Runtime;

/// <summary>Profiles that come and go while the others run.</summary>
public sealed class ProfilesTests
{
    [Fact]
    [Trait("criterion", "A18")]
    public void A_profile_is_added_and_dropped_in_virtual_time_and_its_neighbour_goes_on()
    {
        using var world = new ProfileWorld();
        var other = Setup(world, "other");
        var asker = world.World.Probe("owner");

        asker.Send(world.Runtime, new AddProfile(other, asker.Ref));
        asker.Expect<ProfileReady>(within: TimeSpan.FromSeconds(30)).Name.ShouldBe("other");
        asker.Send(world.Runtime, new AddProfile(Setup(world, "other"), asker.Ref));
        asker.Expect<ProfileFailed>().Code.ShouldBe("profile_exists");
        var began = world.World.Elapsed;
        asker.Send(world.Runtime, new DropProfile("other", asker.Ref));
        asker.Expect<ProfileGone>(within: TimeSpan.FromSeconds(10));

        (world.World.Elapsed - began).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        other.Journal.Actor.ShouldBeNull();
        world.Find("/user/actorsync/profiles/other").IsNobody().ShouldBeTrue();
        var ids = world.Enqueue(3);
        world.Drained();
        world.AtHub.ShouldBe(ids);
        asker.Send(world.Runtime, new DropProfile("other", asker.Ref));
        asker.Expect<ProfileGone>();
        asker.Send(world.Runtime, new AddProfile(Setup(world, "other"), asker.Ref));
        asker.Expect<ProfileReady>(within: TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void One_that_is_dropped_while_it_stops_answers_both_and_its_name_is_free_afterwards()
    {
        using var world = new ProfileWorld();
        var asker = world.World.Probe("owner");
        asker.Send(world.Runtime, new AddProfile(Setup(world, "other"), asker.Ref));
        asker.Expect<ProfileReady>(within: TimeSpan.FromSeconds(30));

        asker.Send(world.Runtime, new DropProfile("other", asker.Ref));
        asker.Send(world.Runtime, new AddProfile(Setup(world, "other"), asker.Ref));
        asker.Send(world.Runtime, new DropProfile("other", asker.Ref));

        asker.Expect<ProfileFailed>().Code.ShouldBe("profile_exists");
        asker.Expect<ProfileGone>(within: TimeSpan.FromSeconds(10));
        asker.Expect<ProfileGone>();
    }

    [Fact]
    public void When_the_last_healthy_profile_is_dropped_beside_a_failed_one_the_runtime_has_failed()
    {
        using var world = new ProfileWorld();
        var (asker, failures) = (world.World.Probe("owner"), world.World.Probe("failures"));
        world.World.System.EventStream.Subscribe(failures.Ref, typeof(RuntimeFailed));
        var bad = Setup(world, "bad");
        File.WriteAllText(Path.Combine(world.Folder, "bad.db"), new string('x', 8192));
        asker.Send(world.Runtime, new AddProfile(bad, asker.Ref));
        asker.Expect<ProfileFailed>(within: TimeSpan.FromSeconds(30)).Cause.ShouldNotBeNull();

        asker.Send(world.Runtime, new DropProfile("default", asker.Ref));
        asker.Expect<ProfileGone>(within: TimeSpan.FromSeconds(10));

        failures.Expect<RuntimeFailed>().Component.ShouldBe("bad");
    }

    [Fact]
    [Trait("criterion", "Q16")]
    public async Task Profiles_side_by_side_have_their_own_device_clock_queue_and_mode()
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-profiles-").FullName;
        try
        {
            await using var runtime = await SyncRuntime.StartAsync(SyncOptionsReader.Read(folder, "actorsync.journal.reserve-bytes = 0 B"));
            var work = await runtime.StartProfileAsync("work", CancellationToken.None);
            (await Should.ThrowAsync<SyncException>(() => runtime.StartProfileAsync("WORK", CancellationToken.None))).Code.ShouldBe(
                "profile_exists"
            );
            await work.PatchSettingsAsync(
                System.Collections.Immutable.ImmutableSortedDictionary<string, string?>.Empty.Add("mode", "local"),
                CancellationToken.None
            );

            var first = await work.EnqueueAsync(Operation("1"));
            var second = await work.EnqueueAsync(Operation("2"));
            var own = await runtime.EnqueueAsync(Operation("1"));

            (first.Lamport, second.Lamport, own.Lamport).ShouldBe((1, 2, 1));
            new[] { first.OperationId, second.OperationId, own.OperationId }.Distinct().Count().ShouldBe(3);
            var (ours, theirs) = (await runtime.GetStatusAsync(), await work.GetStatusAsync());
            ours.DeviceId.ShouldNotBe(theirs.DeviceId);
            (ours.Queue.Pending, theirs.Queue.Pending).ShouldBe((1, 2));
            (ours.Mode, theirs.Mode).ShouldBe(("hybrid", "local"));

            await runtime.StopProfileAsync("work", CancellationToken.None);
            runtime.Profiles.ShouldBe(["default"]);
            await Should.ThrowAsync<JournalUnavailableException>(async () => await work.EnqueueAsync(Operation("3")));
            var again = await runtime.StartProfileAsync("work", CancellationToken.None);
            (await again.EnqueueAsync(Operation("3"))).Lamport.ShouldBe(3);
            (await again.GetStatusAsync()).DeviceId.ShouldBe(theirs.DeviceId);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NewOperation Operation(string id) => ProfileWorld.Operation(id);

    private static ProfileSetup Setup(ProfileWorld world, string name) =>
        new(
            name,
            world.Options,
            world.World.Platform(),
            new JournalPort(),
            world.Http,
            world.Children with
            {
                Journal = () =>
                    JournalActor.Props(
                        Path.Combine(world.Folder, $"{name}.db"),
                        world.Options.Journal,
                        world.World.Platform(),
                        new JournalStatistics()
                    ),
            }
        );
}
