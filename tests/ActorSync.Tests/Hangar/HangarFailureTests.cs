using ActorSync.Runtime;
using ActorSync.TestKit.Hubs;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

/// <summary>What goes wrong with the hangar, and with whom nothing does.</summary>
public sealed class HangarFailureTests
{
    [Fact]
    [Trait("criterion", "G4")]
    public void A_failure_is_retried_by_the_backoff_law_said_once_and_forgotten_after_a_success()
    {
        using var world = new HangarWorld(start: false);
        world.Hub.Next(Misbehaviour.Busy(503), times: int.MaxValue, when: HangarWorld.IsHangar);
        world.Start();
        world.World.Run(TimeSpan.FromHours(12));

        var law = Supervision.HangarLaw;
        var gaps = world.Sent.Zip(world.Sent.Skip(1), (one, next) => next.At - one.At).ToList();
        gaps.Count.ShouldBeGreaterThan(15);
        for (var i = 0; i < gaps.Count; i++)
        {
            gaps[i].ShouldBeInRange(law.Floor, law.Ceiling(i + 1) + TimeSpan.FromSeconds(1), $"try {i + 2}");
        }

        world.Taken.ShouldBeEmpty();
        world.World.Log.Count(LogLevel.WarningLevel, "Hangar did not push").ShouldBe(1);
        var view = world.View;
        (view.State, view.Failures, view.Restarts).ShouldBe(("resting", world.Sent.Count, 0));
        view.LastError!.ShouldContain("503");
        (view.NextAt - world.World.Now).ShouldNotBeNull().ShouldBeInRange(TimeSpan.Zero, law.Max);
        var health = world.Profile.Status().Health;
        health.State.ShouldBe("OK", "its error is its own");

        world.Hub.Behave();
        world.World.Run(law.Max + TimeSpan.FromSeconds(1));
        world.Taken.Count.ShouldBe(1);
        world.View.LastError.ShouldBeNull();
        world.Hub.Next(Misbehaviour.Busy(503), when: HangarWorld.IsHangar);
        world.Source.Items.Add("3");
        world.Push().Reason.ShouldBe("http_503");
        world.World.Run(law.Ceiling(1) + TimeSpan.FromSeconds(1));
        world.Taken.Count.ShouldBe(2, "the backoff began anew");
    }

    [Fact]
    [Trait("criterion", "G4")]
    [Trait("criterion", "D11")]
    public void The_hubs_own_wish_is_honoured()
    {
        using var world = new HangarWorld(start: false);
        world.Hub.Next(Misbehaviour.Busy(429, "120"), when: HangarWorld.IsHangar);
        world.Start();
        world.World.Run(TimeSpan.FromSeconds(119));
        world.Sent.Count.ShouldBe(1);

        world.World.Run(TimeSpan.FromSeconds(20));

        world.Taken.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("html 401")]
    [InlineData("html 200")]
    [InlineData("empty 403")]
    [InlineData("foreign 401")]
    [InlineData("cut off")]
    [InlineData("reset")]
    [InlineData("400")]
    [InlineData("no network")]
    [Trait("criterion", "G4")]
    [Trait("criterion", "A8")]
    public void What_is_no_evidence_against_the_credential_is_a_failure_of_its_own_and_sync_is_not_asked(string how)
    {
        using var world = new HangarWorld(start: false);
        if (how == "no network")
        {
            world.Profile.Wire.IsDown = true;
        }
        else
        {
            world.Hub.Next(
                how switch
                {
                    "html 401" => new Misbehaviour.Answers(HubAnswer.Html(401)),
                    "html 200" => Misbehaviour.Html200,
                    "empty 403" => new Misbehaviour.Answers(HubAnswer.Empty(403)),
                    "foreign 401" => Misbehaviour.Auth(401, "session_gone"),
                    "cut off" => new Misbehaviour.Truncated(0),
                    "reset" => new Misbehaviour.Resets(),
                    _ => Misbehaviour.Auth(400, "incomplete_snapshot"),
                },
                times: 3,
                when: HangarWorld.IsHangar
            );
        }

        world.Start();
        world.World.RunUntil(() => world.Sent.Count >= 1 || how == "no network", TimeSpan.FromSeconds(5)).ShouldBeTrue();
        world.World.Run(TimeSpan.FromMilliseconds(50));
        if (how is not "cut off")
        {
            world.View.LastError.ShouldNotBeNull();
            world.View.State.ShouldBe("resting");
        }

        world.World.Log.Count(LogLevel.InfoLevel, "is asked who we are").ShouldBe(0);
        world.Profile.Wire.Heal();
        world.World.Run(TimeSpan.FromMinutes(2));
        world.Taken.Count.ShouldBe(1, "the retries healed it");
        world.Profile.Auth.Refused.ShouldBeEmpty();
    }

    [Fact]
    [Trait("criterion", "G4")]
    public void A_source_that_throws_is_tried_again_and_nothing_falls()
    {
        using var world = new HangarWorld(start: false);
        world.Source.Throws = new InvalidOperationException("the app is not ready");
        world.Start();
        world.World.Run(TimeSpan.FromSeconds(20));
        world.Source.Captures.ShouldBeInRange(3, 30);
        world.View.LastError!.ShouldContain("the app is not ready");
        world.View.Restarts.ShouldBe(0);

        world.Source.Throws = null;
        world.World.Run(TimeSpan.FromMinutes(5));

        world.Taken.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("criterion", "G4")]
    public void A_source_that_does_not_end_is_cancelled_and_never_called_twice_at_once(bool ignoresCancellation)
    {
        using var world = new HangarWorld("actorsync.hangar.capture-timeout = 1m", start: false);
        (world.Source.Takes, world.Source.IgnoresCancellation) = (null, ignoresCancellation);
        world.Start();
        world.World.Run(TimeSpan.FromMinutes(1.5));
        world.View.LastError.ShouldNotBeNull();

        world.World.Run(TimeSpan.FromHours(3));

        world.Source.Most.ShouldBe(1);
        world.Sent.ShouldBeEmpty();
        (world.Source.Captures == 1).ShouldBe(ignoresCancellation, "one that hangs gets no second thread");
        world.Profile.Status().Health.State.ShouldBe("OK");
        world.Profile.Stop().Clean.ShouldBeTrue("a stop does not wait for the app's code");
    }

    [Fact]
    [Trait("criterion", "S5")]
    [Trait("criterion", "S9")]
    public void A_hangar_that_falls_answers_who_asked_and_is_made_again_with_backoff_counted_and_visible()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Takes = TimeSpan.FromSeconds(30);
        world.Source.Items.Add("3");
        var law = Supervision.HangarLaw;
        for (var failure = 1; failure <= 6; failure++)
        {
            var asker = world.Ask();
            world.World.RunUntil(() => world.Source.Running == 1, TimeSpan.FromSeconds(5)).ShouldBeTrue();
            var start = world.World.Elapsed;
            world.World.Node.Crash(world.Profile.Child("hangar"));

            asker.Expect<HangarOutcome>(x => x.Outcome == HangarOutcome.Failed);
            world.World.RunUntil(() => world.Profile.Child("hangar").IsNobody()).ShouldBeTrue();
            var view = world.View;
            (view.State, view.Restarts).ShouldBe(("down", failure));
            view.LastError!.ShouldContain("injected crash");
            view.NextAt.ShouldNotBeNull();
            world.World.RunUntil(() => !world.Profile.Child("hangar").IsNobody(), law.Max).ShouldBeTrue();
            (world.World.Elapsed - start).ShouldBeInRange(law.Floor, law.Ceiling(failure) + TimeSpan.FromMilliseconds(50));
        }

        world.Source.Takes = TimeSpan.Zero;
        world.World.Run(TimeSpan.FromMinutes(5));
        world.View.State.ShouldBe("resting");
        world.Profile.Enqueue(3);
        world.Profile.Drained();
        world.Push();
        world.Taken.Count.ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "S5")]
    public void A_hangar_that_returns_by_itself_has_died_too()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Profile.Child("hangar").Tell(PoisonPill.Instance, ActorRefs.NoSender);
        world.World.RunUntil(() => world.Profile.Child("hangar").IsNobody()).ShouldBeTrue();
        world.View.LastError.ShouldBe("it stopped by itself");

        world.World.Run(TimeSpan.FromSeconds(2));

        (world.View.State, world.View.Restarts).ShouldBe(("resting", 1));
        world.Source.Captures.ShouldBe(1, "its schedule is the one from before");
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void A_kick_does_not_wait_for_the_backoff_of_a_fall()
    {
        using var world = new HangarWorld();
        world.Settle();
        for (var i = 0; i < 12; i++)
        {
            world.World.Node.Crash(world.Profile.Child("hangar"));
            world.World.RunUntil(() => world.Profile.Child("hangar").IsNobody()).ShouldBeTrue();
            if (i < 11)
            {
                world.World.RunUntil(() => !world.Profile.Child("hangar").IsNobody(), TimeSpan.FromHours(1)).ShouldBeTrue();
            }
        }

        world.Source.Items.Add("3");
        world.Push().Outcome.ShouldBe(HangarOutcome.Pushed);
    }

    [Fact]
    [Trait("criterion", "S8")]
    public void A_stop_in_the_middle_of_a_capture_or_a_push_leaves_nothing_behind()
    {
        foreach (var pushing in new[] { false, true })
        {
            using var world = new HangarWorld(start: false);
            world.Source.Takes = pushing ? TimeSpan.Zero : TimeSpan.FromMinutes(4);
            world.Hub.Next(new Misbehaviour.Swallows(), times: int.MaxValue, when: HangarWorld.IsHangar);
            world.Start();
            var asker = world.Ask();
            world.World.RunUntil(() => pushing ? world.Sent.Count == 1 : world.Source.Running == 1).ShouldBeTrue();

            world.Profile.Stop().Clean.ShouldBeTrue();

            asker.Expect<HangarOutcome>(x => x.Outcome == HangarOutcome.Failed);
            world.Source.Running.ShouldBe(0);
            world.World.Run(TimeSpan.FromDays(1));
            world.Source.Captures.ShouldBe(1);
            world.World.Log.Lines.Where(line => line.Level >= LogLevel.WarningLevel).ShouldBeEmpty();
        }
    }

    [Fact]
    [Trait("criterion", "G1")]
    public void A_journal_that_is_down_holds_up_only_what_has_to_be_remembered()
    {
        using var world = new HangarWorld();
        world.Settle();
        world.Source.Items.Add("3");
        world.World.Node.Crash(world.Profile.Child("journal"));
        world.World.RunUntil(() => world.Profile.Journal.Actor is null).ShouldBeTrue();

        world.Push().Outcome.ShouldBe(HangarOutcome.Pushed);
        world.World.RunUntil(() => world.Profile.Journal.Actor is not null, TimeSpan.FromSeconds(31)).ShouldBeTrue();
        world.Settle();
        world.Restart(after: TimeSpan.FromSeconds(1));
        world.Settle();

        world.Push().Reason.ShouldBe("unchanged", "it was written when the journal came back");
    }
}
