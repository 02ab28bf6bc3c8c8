using ActorSync.Status;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

/// <summary>When a snapshot is taken and pushed, and when it is left out.</summary>
public sealed class HangarScheduleTests
{
    [Fact]
    [Trait("criterion", "G1")]
    public void The_first_snapshot_goes_at_the_start_and_the_next_ones_every_6_hours()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Taken.ShouldBe(["""[{"name":"one"},{"name":"two"}]"""]);
        for (var round = 2; round <= 5; round++)
        {
            world.Source.Items.Add($"{round}");
            var before = world.View;
            before.NextAt!.Value.ShouldBe(before.LastSuccessAt!.Value + HangarWorld.Interval, TimeSpan.FromMilliseconds(1));

            world.World.Run(HangarWorld.Interval - TimeSpan.FromSeconds(10));
            world.Taken.Count.ShouldBe(round - 1, "not before its time");
            world.World.Run(TimeSpan.FromSeconds(11));

            world.Taken.Count.ShouldBe(round);
        }

        var view = world.View;
        (view.State, view.Pushes, view.Failures, view.LastError, view.LastSkip).ShouldBe(("resting", 5, 0, null, null));
        world.World.Log.Count(LogLevel.WarningLevel).ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void A_kick_pushes_at_once_and_tells_what_came_of_it()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items.Add("3");

        var outcome = world.Push();

        (outcome.Outcome, outcome.Reason, outcome.Items).ShouldBe((HangarOutcome.Pushed, null, 3));
        outcome.Bytes.ShouldBe(world.Sent[^1].Request.Body.Length);
        world.Taken.Count.ShouldBe(2);
        outcome.NextAt!.Value.ShouldBe(world.World.Now + HangarWorld.Interval, TimeSpan.FromSeconds(1), "the schedule begins anew");
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void Kicks_during_a_run_are_one_run_after_it_because_the_collection_may_have_changed()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Takes = TimeSpan.FromSeconds(5);
        world.Source.Items.Add("3");
        var first = world.Ask();
        world.World.Run(TimeSpan.FromSeconds(4));
        world.Source.Captures.ShouldBe(2);
        var later = Enumerable.Range(0, 10).Select(_ => world.Ask()).ToList();
        world.World.Run(TimeSpan.FromMilliseconds(100));

        first.Expect<HangarOutcome>(x => x is { Outcome: HangarOutcome.Pushed, Items: 3 });
        world.Source.Items.Add("4");
        later.ForEach(asker =>
            asker.Expect<HangarOutcome>(x => x is { Outcome: HangarOutcome.Pushed, Items: 4 }, TimeSpan.FromSeconds(10))
        );

        world.Source.Captures.ShouldBe(3, "ten kicks are one run");
        world.Source.Most.ShouldBe(1, "never two at once");
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void A_kick_that_comes_while_its_very_snapshot_is_pushed_hears_that_it_was_pushed()
    {
        using var world = new HangarWorld(start: false);
        world.Source.Takes = TimeSpan.FromSeconds(2);
        world.Start();
        world.World.RunUntil(() => world.Source.Running == 1).ShouldBeTrue();

        world.Push().Outcome.ShouldBe(HangarOutcome.Pushed);

        world.Taken.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("no_source")]
    [InlineData("no_server")]
    [InlineData("not_signed_in")]
    [InlineData("local")]
    [InlineData("paused")]
    [InlineData("unchanged")]
    [InlineData("empty")]
    [InlineData("partial")]
    [Trait("criterion", "G1")]
    public void What_is_left_out_has_its_reason_and_sends_nothing(string reason)
    {
        using var world = new HangarWorld(source: reason != "no_source");
        world.Settle();
        switch (reason)
        {
            case "not_signed_in":
                world.Profile.Announce(token: null, generation: 2);
                break;
            case "no_server":
                world.Profile.Options.Hub.ShouldNotBeNull();
                world.Profile.Change("hub", "https://other.test");
                break;
            case "local":
                world.Profile.Change("mode", "local");
                break;
            case "paused":
                world.Profile.Announce(token: null, generation: 1, problem: "the key ring cannot be read");
                break;
            case "empty":
                world.Source.Items = [];
                break;
            case "partial":
                (world.Source.Problem, world.Source.Items) = ("the disk of it is gone", ["1"]);
                break;
        }

        var sent = world.Sent.Count;
        var outcome = world.Push();

        // Signed in at another hub than the one that is set is not signed in.
        outcome.Reason.ShouldBe(reason == "no_server" ? "not_signed_in" : reason);
        outcome.Outcome.ShouldBe(HangarOutcome.Skipped);
        outcome.Text.ShouldNotBeNullOrWhiteSpace();
        world.Sent.Count.ShouldBe(sent);
        if (reason != "no_source")
        {
            world.View.LastSkip.ShouldBe(outcome.Reason);
        }
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void Without_a_source_nothing_is_ever_done_and_the_status_says_so()
    {
        using var world = new HangarWorld(source: false);
        world.World.Run(TimeSpan.FromDays(3));

        world.Sent.ShouldBeEmpty();
        world.View.ShouldBe(new HangarView(null, null, null) { State = "no_source" });
    }

    [Theory]
    [InlineData("local")]
    [InlineData("signed out")]
    [Trait("criterion", "G1")]
    public void What_was_due_while_sync_did_not_send_goes_as_soon_as_it_does(string why)
    {
        using var world = new HangarWorld();
        world.Settle();
        var token = world.Profile.Auth.Token;
        if (why == "local")
        {
            world.Profile.Change("mode", "local");
        }
        else
        {
            world.Profile.Announce(token: null, generation: 2);
        }

        world.Source.Items.Add("3");
        world.World.Run(TimeSpan.FromHours(15));
        world.Taken.Count.ShouldBe(1);
        world.View.LastSkip.ShouldBe(why == "local" ? "local" : "not_signed_in");

        if (why == "local")
        {
            world.Profile.Change("mode", "hybrid");
        }
        else
        {
            world.Profile.Announce(token, generation: 3);
        }

        world.Settle();
        world.Taken.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("criterion", "G1")]
    public void Another_account_gets_the_snapshot_at_once_although_the_last_one_had_it(bool signsOutBetween)
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Taken.Count.ShouldBe(1);
        if (signsOutBetween)
        {
            world.Profile.Announce(token: null, generation: 2);
            world.Settle();
        }

        world.Profile.Auth.Account = "grace";
        world.Profile.Announce(world.Hub.IssueToken(account: "grace"), generation: 3);
        world.Settle();

        world.Taken.Count.ShouldBe(2);
        world.Sent[^1].Request.Bearer.ShouldBe(world.Profile.Auth.Token);
    }

    [Fact]
    [Trait("criterion", "A3")]
    public void An_account_that_changes_under_a_push_gets_the_snapshot_and_the_old_one_nothing_more()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items.Add("3");
        world.Profile.Wire.MinLatency = world.Profile.Wire.MaxLatency = TimeSpan.FromSeconds(2);
        var asker = world.Ask();
        world.World.Run(TimeSpan.FromSeconds(3));
        world.Sent.Count.ShouldBe(2, "its answer is on its way");

        world.Profile.Auth.Account = "grace";
        world.Profile.Announce(world.Hub.IssueToken(account: "grace"), generation: 2);
        // The account may be noted before the answer of the old one comes, or after.
        asker.Expect<HangarOutcome>(within: TimeSpan.FromSeconds(20)).Outcome.ShouldBeOneOf(HangarOutcome.Skipped, HangarOutcome.Pushed);
        world.World.Run(TimeSpan.FromSeconds(20));

        world.Sent.Count.ShouldBe(3);
        world.Sent[^1].Request.Bearer.ShouldBe(world.Profile.Auth.Token);
        world.Push(within: TimeSpan.FromSeconds(20)).Reason.ShouldBe("unchanged", "it is the new account that has it");
    }

    [Fact]
    [Trait("criterion", "D14")]
    public void A_gate_that_closes_cuts_the_run_off_at_once()
    {
        using var world = new HangarWorld(start: false);
        world.Source.Takes = TimeSpan.FromSeconds(30);
        world.Start();
        world.World.RunUntil(() => world.Source.Running == 1).ShouldBeTrue();

        world.Profile.Change("mode", "local");
        world.World.Run(TimeSpan.FromHours(1));

        world.Source.Running.ShouldBe(0, "it was cancelled");
        world.Sent.ShouldBeEmpty();
        world.View.LastSkip.ShouldBe("local");
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void Each_request_asks_for_the_credential_of_its_moment()
    {
        using var world = new HangarWorld();
        world.Settle();
        var renewed = world.Profile.NewToken();
        world.Profile.Announce(renewed, generation: 2);
        world.Settle();
        world.Taken.Count.ShouldBe(1, "a renewal alone is no reason");

        world.Source.Items.Add("3");
        world.Push();

        world.Sent[^1].Request.Bearer.ShouldBe(renewed);
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void A_credential_that_is_not_answered_for_is_asked_for_again()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items.Add("3");
        world.Profile.Auth.Deaf = 1;

        world.Push(within: TimeSpan.FromSeconds(60)).Outcome.ShouldBe(HangarOutcome.Pushed);
    }
}
