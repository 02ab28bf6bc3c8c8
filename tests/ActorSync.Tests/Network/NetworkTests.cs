using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Network;

/// <summary>Sleep and wake, a network that changes, a night without one.</summary>
public sealed class NetworkTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3);

    [Fact]
    [Trait("criterion", "D21")]
    public void After_a_wake_from_sleep_the_next_try_comes_within_two_seconds_and_its_jitter()
    {
        using var world = Cut(out var ids);

        world.World.Node.Time.WallOffset += TimeSpan.FromHours(8);
        world.Wire.IsDown = false;

        world.World.RunUntil(() => world.AtHub.Length == ids.Length, Soon).ShouldBeTrue();
        world.AtHub.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "D21")]
    public void After_a_change_of_the_network_the_next_try_comes_at_once()
    {
        using var world = Cut(out var ids);

        world.Wire.IsDown = false;
        world.World.Node.Network.Change();

        world.World.RunUntil(() => world.AtHub.Length == ids.Length, Soon).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "D21")]
    public void Without_a_notice_the_backoff_is_what_it_was()
    {
        using var world = Cut(out _);

        world.Wire.IsDown = false;

        world.World.RunUntil(() => world.AtHub.Length > 0, Soon).ShouldBeFalse();
    }

    [Fact]
    [Trait("criterion", "D21")]
    public void Changes_that_come_together_are_one_try()
    {
        using var world = Cut(out _);
        var before = world.Sent;

        for (var change = 0; change < 500; change++)
        {
            world.World.Node.Network.Change();
        }

        world.World.Run(TimeSpan.FromSeconds(1.1));
        // One, and what its own fresh backoff makes of it.
        (world.Sent - before).ShouldBeInRange(1, 5);
    }

    [Fact]
    [Trait("criterion", "D21")]
    public void What_the_network_does_in_the_first_30_seconds_after_a_wake_is_not_worth_a_line()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(10));
        world.World.Node.Time.WallOffset += TimeSpan.FromHours(8);
        world.World.Run(TimeSpan.FromSeconds(2.1));
        world.World.Log.Clear();
        world.Wire.IsDown = true;
        world.Enqueue(1);

        world.World.Run(TimeSpan.FromSeconds(27));
        world.World.Log.Lines.ShouldNotContain(line => line.Level >= LogLevel.WarningLevel);

        world.World.Log.Expect(1, LogLevel.WarningLevel, "cannot send", TimeSpan.FromMinutes(5));
    }

    [Fact]
    [Trait("criterion", "D21")]
    [Trait("criterion", "D11")]
    public void The_wait_that_a_hub_asked_for_is_not_shortened_by_a_change_of_the_network()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Busy(503, "600"));
        world.Enqueue(1);
        world.DrainNow();

        world.World.Node.Network.Change();
        world.World.Node.Time.WallOffset += TimeSpan.FromHours(1);
        world.World.Run(TimeSpan.FromMinutes(1));

        world.Pushed.Count().ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "D21")]
    [Trait("criterion", "D8")]
    public void A_request_that_was_on_its_way_when_the_machine_slept_is_sent_again_and_applied_once()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(2));
        (world.Wire.LosesAnswer, world.Wire.Silent) = (1, 1);
        var ids = world.Enqueue(3);
        world.World.RunUntil(() => world.AtHub.Length == 3).ShouldBeTrue();
        world.Wire.Heal();
        world.World.Run(TimeSpan.FromMilliseconds(100));
        world.Counts().Pending.ShouldBe(3);

        world.World.Node.Time.WallOffset += TimeSpan.FromMinutes(10);

        world.World.Run(Soon);
        world.Counts().Pending.ShouldBe(0);
        world.Applied.ShouldBe(ids);
    }

    [Fact]
    [Trait("criterion", "D15")]
    public void A_hub_that_was_never_there_keeps_no_lane_from_trying()
    {
        using var world = new ProfileWorld(start: false);
        world.Wire.IsDown = true;
        world.Start();
        world.Ready();
        var ids = world.Enqueue(2);

        world.World.RunUntil(() => world.Sent > 2, TimeSpan.FromMinutes(2)).ShouldBeTrue(world.World.Describe("nothing was pushed"));
        world.Wire.IsDown = false;
        world.World.RunUntil(() => world.AtHub.Length == ids.Length, TimeSpan.FromMinutes(6)).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "H5")]
    public void A_night_without_names_makes_no_error_no_prompt_and_few_lines_and_ends_within_5_seconds()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.backoff-max = 30s");
        world.World.Run(TimeSpan.FromSeconds(10));
        world.World.Log.Clear();
        (world.Wire.HasNoNames, world.World.Node.Network.HasNames) = (true, false);
        var failures = 0;
        for (var quarter = 0; quarter < 40; quarter++)
        {
            var before = world.Tried;
            world.Enqueue(1, prefix: $"q{quarter}-");
            world.World.Run(TimeSpan.FromMinutes(15));
            failures += world.Tried - before;
            world.Status().Health.State.ShouldBeOneOf("ERR", "STALE");
            world.Status().Auth.State.ShouldBe("signed_in");
        }

        failures.ShouldBeGreaterThan(1_200);
        var lines = world.World.Log.Lines;
        lines.ShouldNotContain(line => line.Level == LogLevel.ErrorLevel);
        lines.Count(line => line.Level == LogLevel.WarningLevel).ShouldBeLessThanOrEqualTo(96);
        world.Auth.Refused.ShouldBeEmpty();
        world.World.Node.Network.Asked.ShouldBeGreaterThan(5_000);

        (world.Wire.HasNoNames, world.World.Node.Network.HasNames) = (false, true);
        world.World.RunUntil(() => world.AtHub.Length == 40, TimeSpan.FromSeconds(5)).ShouldBeTrue();
        var asked = world.World.Node.Network.Asked;
        world.World.Run(TimeSpan.FromMinutes(10));
        world.World.Node.Network.Asked.ShouldBeLessThan(asked + 3, "a hub that answers is not looked for");
        world.Status().Health.State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "S5")]
    public void A_watcher_that_fails_is_made_again_and_leaves_no_subscription_behind()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(2));
        world.World.Node.Crash(world.Child("network"));
        world.World.RunUntil(() => world.Child("network").IsNobody()).ShouldBeTrue();
        world.World.Node.Network.Watchers.ShouldBe(0);

        world.World.RunUntil(() => world.World.Node.Network.Watchers == 1, TimeSpan.FromSeconds(10)).ShouldBeTrue();
        world.Stop();
        world.World.Node.Network.Watchers.ShouldBe(0);
    }

    /// <summary>Two operations, a line that is down, and a backoff of minutes.</summary>
    private static ProfileWorld Cut(out string[] ids)
    {
        var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(2));
        world.Wire.IsDown = true;
        ids = world.Enqueue(2);
        world.World.Run(TimeSpan.FromMinutes(40));
        // Just after a try, so that the next one by backoff is far.
        var tried = world.Sent;
        world.World.RunUntil(() => world.Sent > tried, TimeSpan.FromMinutes(11)).ShouldBeTrue();
        world.World.Run(TimeSpan.FromMilliseconds(100));
        return world;
    }
}
