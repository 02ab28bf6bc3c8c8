using ActorSync.Journal;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

/// <summary>Which snapshots are worth a request.</summary>
public sealed class HangarContentTests
{
    [Theory]
    [InlineData("empty")]
    [InlineData("says nothing")]
    [InlineData("says partial")]
    [InlineData("says both")]
    [InlineData("throws at the end")]
    [Trait("criterion", "G2")]
    public void An_empty_or_partial_capture_never_replaces_a_snapshot(string how)
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items = how == "empty" ? [] : ["1"];
        world.Source.SaysComplete = how is not ("says nothing" or "says partial");
        world.Source.Problem = how is "says partial" or "says both" ? "two files cannot be read" : null;
        world.Source.Throws = how == "throws at the end" ? new IOException("gone") : null;

        world.World.Run(TimeSpan.FromHours(20));

        world.Sent.Count.ShouldBe(1, "the one from before");
        world.Source.Captures.ShouldBeGreaterThan(3);
        (world.View.LastError is null).ShouldBe(how == "empty", "nothing is wrong with an empty collection");
    }

    [Fact]
    [Trait("criterion", "G2")]
    public void A_partial_capture_is_tried_again_like_a_failure_and_goes_when_it_is_whole()
    {
        using var world = new HangarWorld(start: false);
        world.Source.Problem = "being written";
        world.Start();
        world.World.Run(TimeSpan.FromSeconds(30));
        world.Source.Captures.ShouldBeInRange(3, 40);
        world.View.LastError.ShouldBe("being written");

        world.Source.Problem = null;
        world.World.Run(TimeSpan.FromMinutes(2));

        world.Taken.Count.ShouldBe(1);
        world.View.LastError.ShouldBeNull();
    }

    [Fact]
    [Trait("criterion", "G3")]
    public void An_unchanged_snapshot_is_not_pushed_however_it_is_spelled()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items = ["""{ "name" : "one" }""", "\t{\"name\":\"t\\u0077o\"}"];
        world.World.Run(TimeSpan.FromDays(3));

        world.Sent.Count.ShouldBe(1);
        world.Source.Captures.ShouldBeGreaterThan(10);
        world.View.LastSkip.ShouldBe("unchanged");
        world.View.Skips.ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData("""{"name":"one"}""")]
    [InlineData("""{"name":"two"}""", """{"name":"one"}""")]
    [InlineData("""{"name":"one"}""", """{"name":"two"}""", "null")]
    [InlineData("""[{"name":"one"},{"name":"two"}]""")]
    [Trait("criterion", "G3")]
    public void Any_other_snapshot_is_pushed(params string[] items)
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items = [.. items];

        world.Push().Outcome.ShouldBe(HangarOutcome.Pushed);

        world.Taken[^1].ShouldBe($"[{string.Join(',', items)}]");
    }

    [Fact]
    [Trait("criterion", "G3")]
    public void What_was_pushed_last_and_when_survives_a_restart()
    {
        using var world = new HangarWorld();
        world.Settle();
        var before = world.View;
        world.World.Run(TimeSpan.FromHours(1));

        world.Restart(after: TimeSpan.FromHours(1));
        world.Settle();

        world.Source.Captures.ShouldBe(1, "its time has not come");
        world.View.LastSuccessAt.ShouldBe(before.LastSuccessAt);
        world.View.NextAt!.Value.ShouldBe(before.NextAt!.Value, TimeSpan.FromSeconds(1));
        world.World.Run(TimeSpan.FromHours(4.1));
        world.Source.Captures.ShouldBe(2);
        world.Sent.Count.ShouldBe(1, "and it is still unchanged");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    [Trait("criterion", "G1")]
    public void A_wall_clock_that_jumped_by_years_delays_it_by_an_interval_at_most(int years)
    {
        using var world = new HangarWorld();
        world.Settle();
        world.World.Node.Time.WallOffset = TimeSpan.FromDays(365 * years);
        world.Restart(after: TimeSpan.FromSeconds(1));
        world.World.Run(HangarWorld.Interval + TimeSpan.FromMinutes(1));

        world.Source.Captures.ShouldBeInRange(2, 3);
    }

    [Fact]
    public void Nobody_sees_among_the_settings_what_the_hangar_keeps_there()
    {
        using var world = new HangarWorld();
        world.Settle();
        var stored = world.Profile.AskJournal<JournalProtocol.Settings>(asker => new JournalProtocol.GetSettings(asker));

        stored.Values.Keys.ShouldBe(ActorSync.Hangar.HangarMemory.Keys, ignoreOrder: true);
    }

    [Fact]
    public void An_item_that_is_no_JSON_or_makes_it_too_large_spoils_the_capture_for_good()
    {
        var capture = new HangarCapture("default", DateTimeOffset.UnixEpoch, 200);
        capture.Add("1"u8.ToArray());
        Should.Throw<HangarCaptureException>(() => capture.Add("{"u8.ToArray())).Code.ShouldBe("hangar_item");
        Should.Throw<HangarCaptureException>(() => capture.Add(default)).Code.ShouldBe("hangar_item");
        Should
            .Throw<HangarCaptureException>(() =>
                capture.Add(
                    new byte[300]
                        .Select(_ => (byte)'1')
                        .ToArray()
                )
            )
            .Code.ShouldBe("hangar_too_large");

        capture.Complete();

        capture.IsComplete.ShouldBeFalse("a source that goes on nevertheless has not given all");
        capture.Items.ShouldBe(1);
    }

    [Fact]
    public void A_snapshot_that_is_too_large_is_an_error_with_its_remedy_and_nothing_is_sent()
    {
        using var world = new HangarWorld("actorsync.hangar.max-bytes = 1 KiB", start: false);
        world.Source.Items = [.. Enumerable.Range(0, 200).Select(i => $"\"item {i}\"")];
        world.Start();
        world.World.Run(TimeSpan.FromMinutes(1));

        world.Sent.ShouldBeEmpty();
        world.View.LastError!.ShouldContain("actorsync.hangar.max-bytes");
        world.Push().Reason.ShouldBe("hangar_too_large");
    }
}
