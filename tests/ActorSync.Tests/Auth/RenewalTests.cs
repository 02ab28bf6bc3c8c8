using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class RenewalTests : IDisposable
{
    private const string Refresh = "/v1/auth/refresh";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    [Trait("criterion", "A4")]
    public void Twenty_refusals_at_once_make_one_refresh_and_twenty_answers()
    {
        _auth.PairIt();
        for (var i = 0; i < 20; i++)
        {
            _auth.Refuse(1, i % 2 == 0 ? "token_expired" : "token_invalid");
        }

        for (var i = 0; i < 20; i++)
        {
            _auth.Asker.Expect<Verdict.TryAgain>().Generation.ShouldBe(new CredentialGeneration(2));
        }

        _auth.Asker.ExpectNone();
        _auth.Hub.Count(Refresh).ShouldBe(1);
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "A4")]
    public void A_refusal_while_the_timer_renews_waits_for_that_refresh()
    {
        _auth.PairIt();
        _auth.Hub.Hold = call => call.Path == Refresh;
        _auth.World.RunUntil(() => _auth.Hub.Held == 1, TimeSpan.FromMinutes(14)).ShouldBeTrue();
        _auth.Refuse(1);
        _auth.Asker.ExpectNone();
        _auth.Hub.Release();
        _auth.Asker.Expect<Verdict.TryAgain>();
        _auth.Hub.Count(Refresh).ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "A1")]
    public void A_held_401_of_generation_1_does_not_touch_generation_2()
    {
        _auth.PairIt();
        _auth.PairIt("EFGH2345");
        var before = _auth.Current();
        _auth.Refuse(1, "token_revoked");
        _auth.Asker.Expect<Verdict.TryAgain>().Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Current().ShouldBe(before);
        _auth.Hub.Count(Refresh).ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "A13")]
    public void Tokens_of_90_seconds_are_renewed_for_10_minutes_without_one_401()
    {
        _auth.Hub.Life = TimeSpan.FromSeconds(90);
        _auth.PairIt();
        for (var second = 0; second < 600; second++)
        {
            _auth.World.Run(TimeSpan.FromSeconds(1));
            _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue($"at second {second}");
        }

        _auth.Hub.Count(Refresh).ShouldBeInRange(7, 9);
    }

    [Fact]
    [Trait("criterion", "A13")]
    public void The_renewal_goes_on_in_a_new_process()
    {
        _auth.PairIt();
        _auth.World.Run(TimeSpan.FromMinutes(5));
        _auth.Process.Kill();
        _auth.Start();
        _auth.World.Run(TimeSpan.FromMinutes(7.9));
        _auth.Hub.Count(Refresh).ShouldBe(0);
        _auth.World.Run(TimeSpan.FromMinutes(0.2));
        _auth.Hub.Count(Refresh).ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "A5")]
    public void A_lost_answer_to_a_refresh_is_asked_for_again_within_the_grace()
    {
        _auth.PairIt();
        _auth.Hub.Lose = call => _auth.Hub.Count(Refresh) < 3;
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.Code.ShouldBe("reset");

        _auth.Reaches(2, TimeSpan.FromSeconds(59)).ShouldBeTrue();
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
        _auth.Hub.Count(Refresh).ShouldBe(3);
    }

    [Fact]
    [Trait("criterion", "A5")]
    public void A_lost_answer_beyond_the_grace_ends_in_one_clean_refusal_and_no_loop()
    {
        _auth.PairIt();
        _auth.Hub.Lose = call => call.Path == Refresh;
        _auth.Refuse(1, "token_expired");
        _auth.Asker.Expect<Verdict.NotNow>();
        _auth.Hub.Instead = call => call.Path == Refresh ? new HubReply.Failed(AccountHub.Reset) : null;
        _auth.World.Run(TimeSpan.FromMinutes(5));
        _auth.Hub.Instead = static _ => null;
        _auth.Hub.Lose = static _ => false;
        _auth.World.Run(TimeSpan.FromMinutes(10));

        var calls = _auth.Hub.Count(Refresh);
        for (var i = 0; i < 50; i++)
        {
            _auth.Refuse(1, "token_revoked");
            _auth.Asker.Expect<Verdict.CannotRenew>().Code.ShouldBe("token_revoked");
        }

        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Count(Refresh).ShouldBe(calls);
        _auth.Store.Content.Access.ShouldNotBeNull("only a sign-out removes a credential");
        _auth.LastTold.Binding.ShouldNotBeNull().CanRefresh.ShouldBeFalse();
        _auth.World.Log.Count(LogLevel.WarningLevel, "refused to renew").ShouldBe(1);

        _auth.Process.Kill();
        _auth.Start();
        _auth.Refuse(1, "token_revoked");
        _auth.Asker.Expect<Verdict.CannotRenew>();
        _auth.Hub.Count(Refresh).ShouldBe(calls);
        _auth.PairIt("EFGH2345").Binding.CanRefresh.ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "A6")]
    public void A_sign_out_during_a_refresh_is_not_undone_by_its_answer()
    {
        _auth.PairIt();
        _auth.Hub.AnswersThoughCancelled = true;
        _auth.Hub.Hold = call => call.Path == Refresh;
        _auth.Refuse(1);
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();

        // The refusal was first, so is its answer.
        _auth.Asker.Send(_auth.Auth, new SignOut(_auth.Asker.Ref));
        _auth.Asker.Expect<Verdict.TryAgain>().Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Asker.Expect<SignedOut>();
        _auth.Hub.Release();
        _auth.World.Run(TimeSpan.FromMinutes(20));

        _auth.Current().Token.ShouldBeNull();
        _auth.Store.Content.Access.ShouldBeNull();
        _auth.Store.Content.Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Hub.Count(Refresh).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("criterion", "A1")]
    public void A_pairing_during_a_refresh_is_not_touched_by_its_answer(bool good)
    {
        _auth.PairIt();
        _auth.Hub.AnswersThoughCancelled = true;
        _auth.Hub.Hold = call => call.Path == Refresh;
        _auth.Hub.Instead = call => good || call.Path != Refresh ? null : AccountHub.Error(503, "unavailable");
        _auth.Refuse(1);
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();

        _auth.Hub.AddCode("EFGH2345");
        _auth.Asker.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, "EFGH2345", "tests", _auth.Asker.Ref));
        _auth.Asker.Expect<Verdict.TryAgain>().Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Asker.Expect<SignedIn>().Generation.ShouldBe(new CredentialGeneration(2));
        var before = _auth.Store.Content;
        _auth.Hub.Release();
        _auth.World.Run(TimeSpan.FromMinutes(5));
        _auth.Store.Content.ShouldBe(before);
        _auth.Hub.Count(Refresh).ShouldBe(1);
        _auth.World.Log.Count(LogLevel.WarningLevel).ShouldBe(0);
    }

    [Fact]
    public void A_refusal_by_the_hub_that_is_not_final_is_retried_with_backoff_and_warned_of_once()
    {
        _auth.PairIt();
        var answers = new Queue<HubReply>([
            new HubReply.Failed(AccountHub.Reset),
            AccountHub.Html(200),
            AccountHub.Html(401),
            AccountHub.Error(503, "unavailable"),
            AccountHub.Error(401, "token_invalid"),
            AccountHub.Error(403, "account_restricted"),
            AccountHub.Json(200, """{"access_token":""}"""),
        ]);
        _auth.Hub.Instead = call => call.Path == Refresh && answers.TryDequeue(out var answer) ? answer : null;

        _auth.World.RunUntil(() => _auth.Hub.Count(Refresh) > 0, TimeSpan.FromMinutes(14)).ShouldBeTrue();
        _auth.Reaches(2, TimeSpan.FromMinutes(5)).ShouldBeTrue();

        _auth.Hub.Count(Refresh).ShouldBe(8);
        _auth.World.Log.Count(LogLevel.WarningLevel).ShouldBe(1);
        _auth.World.Log.Count(LogLevel.InfoLevel, "renewed").ShouldBe(1);
        _auth.World.Log.Count(LogLevel.ErrorLevel).ShouldBe(0);
    }

    [Fact]
    public void A_night_without_a_network_makes_few_calls_and_one_warning()
    {
        _auth.PairIt();
        _auth.Hub.Instead = static _ => new HubReply.Failed(AccountHub.Reset);
        _auth.World.Run(TimeSpan.FromHours(10));
        _auth.Hub.Count(Refresh).ShouldBeInRange(60, 600);
        _auth.World.Log.Count(LogLevel.WarningLevel).ShouldBe(1);
        _auth.Hub.Instead = static _ => null;

        // The first request that gets through again does not wait for our timer. Its grace is over only if the hub saw the first call.
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.TryAgain>();
    }

    [Fact]
    public void Retry_After_is_honoured()
    {
        _auth.PairIt();
        _auth.Hub.Instead = call => call.Path == Refresh ? AccountHub.Error(429, "throttled", TimeSpan.FromMinutes(10)) : null;
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.Class.ShouldBe(ErrorClass.Throttled);
        _auth.World.Run(TimeSpan.FromMinutes(9));
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.RetryAfter.ShouldNotBeNull().ShouldBeLessThan(TimeSpan.FromMinutes(1.1));
        _auth.Hub.Count(Refresh).ShouldBe(1);
    }

    [Theory]
    [InlineData("another", null)]
    [InlineData("acc", "device-2")]
    [Trait("criterion", "A12")]
    public void A_refresh_that_gives_another_account_or_device_is_not_taken(string account, string? device)
    {
        _auth.PairIt();
        (_auth.Hub.Account, _auth.Hub.Device) = (account, device);
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.Code.ShouldBe("foreign_grant");
        _auth.Current().Generation.ShouldBe(new CredentialGeneration(1));
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(10)]
    public void A_wall_clock_that_is_years_off_in_the_next_process_ends_in_a_good_token(int years)
    {
        _auth.PairIt();
        _auth.Process.Kill();
        _auth.Start();
        _auth.Process.Time.WallOffset = TimeSpan.FromDays(365 * years);
        _auth.World.Run(TimeSpan.FromMinutes(30));
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
        _auth.Hub.Count(Refresh).ShouldBeInRange(2, 4);
    }
}
