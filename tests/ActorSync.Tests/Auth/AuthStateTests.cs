using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;
using Command = ActorSync.Auth.AuthState.Command;
using Event = ActorSync.Auth.AuthState.Event;

namespace ActorSync.Tests.Auth;

public sealed class AuthStateTests
{
    private static readonly DeviceId Device = new("device-1");
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly HubFailure Offline = new(ErrorClass.TransientNetwork, "dns", "no such host", "nothing");

    [Fact]
    [Trait("criterion", "A1")]
    public void Generations_only_grow_and_late_answers_change_nothing()
    {
        var runs = Gen.Choose(0, int.MaxValue - 1).Two().ListOf(40).Select(steps => steps.ToImmutableArray());
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(
                runs.ToArbitrary(),
                steps =>
                {
                    var walk = new AuthStateWalk();
                    foreach (var (kind, detail) in steps)
                    {
                        walk.Step(kind, detail);
                    }

                    return true;
                }
            )
        );
    }

    [Fact]
    public void An_older_generation_is_never_evolved_to()
    {
        var state = Paired(generation: 3);
        Should.Throw<InvalidOperationException>(() =>
            state.Evolve(new Event.Stored(state.Stored with { Generation = new CredentialGeneration(2) }))
        );
    }

    [Fact]
    [Trait("criterion", "A1")]
    public void A_refusal_of_an_older_generation_is_told_the_newer_one()
    {
        var decision = Paired(generation: 2).Decide(new Command.Refuse(new CredentialGeneration(1), "token_revoked", Start));
        decision.Verdict.ShouldBe(new Verdict.TryAgain(new CredentialGeneration(2)));
        decision.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("sync_disabled")]
    [InlineData("account_restricted")]
    [InlineData("device_mismatch")]
    [InlineData("anything_else")]
    public void A_403_neither_refreshes_nor_speaks_against_the_credential(string code)
    {
        var decision = Paired().Decide(new Command.Refuse(new CredentialGeneration(1), code, Start));
        decision.Events.ShouldBeEmpty();
        decision.Verdict.ShouldBeOfType<Verdict.NotNow>().Failure.Class.ShouldBe(ErrorClass.AuthForbidden);
    }

    [Theory]
    [InlineData("token_missing")]
    [InlineData("token_invalid")]
    [InlineData("token_expired")]
    [InlineData("token_revoked")]
    public void Each_known_401_starts_a_refresh(string code) =>
        Paired().Decide(new Command.Refuse(new CredentialGeneration(1), code, Start)).Events.ShouldContain(x => x is Event.RenewalStarted);

    [Fact]
    public void Before_a_refresh_is_sent_the_disk_knows_that_it_is()
    {
        var state = Paired();
        var events = state.Decide(new Command.Renew(Start.AddMinutes(14))).Events;
        events[0].ShouldBeOfType<Event.Stored>().Credential.RefreshSentAt.ShouldBe(Start.AddMinutes(14));
        events[1].ShouldBe(new Event.RenewalStarted(Early: false));
    }

    [Fact]
    [Trait("criterion", "A5")]
    public void Whoever_finds_that_a_refresh_was_sent_asks_again_at_once()
    {
        var state = Paired(c => c with { RefreshSentAt = Start.AddSeconds(5) });
        state.RenewIn(Start.AddSeconds(10), TimeSpan.FromMinutes(2)).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    [Trait("criterion", "A5")]
    public void A_refused_refresh_token_is_not_sent_again_and_the_credential_is_kept()
    {
        var state = Paired();
        state = state.Evolve(state.Decide(new Command.Renew(Start)).Events);
        state = state.Evolve(state.Decide(new Command.TakeRefreshRefused(state.Stored.Generation, "invalid_grant")).Events);

        state.Stored.Access.ShouldNotBeNull();
        state.Stored.Refresh.ShouldNotBeNull();
        state.Decide(new Command.Renew(Start)).Events.ShouldBeEmpty();
        state.RenewIn(Start, TimeSpan.FromMinutes(2)).ShouldBeNull();
        var verdict = state.Decide(new Command.Refuse(state.Stored.Generation, "token_revoked", Start)).Verdict;
        verdict.ShouldBeOfType<Verdict.CannotRenew>().Code.ShouldBe("token_revoked");
        verdict.ShouldBeOfType<Verdict.CannotRenew>().Message.ShouldContain("invalid_grant");
    }

    [Theory]
    [InlineData(900, 120, 780)]
    [InlineData(90, 120, 75)]
    [InlineData(90, 10, 80)]
    [InlineData(12, 120, 10)]
    public void A_token_is_renewed_before_its_end_or_at_five_sixths_of_its_life(int life, int before, int expected)
    {
        var state = Paired(c => c with { ExpiresAt = Start.AddSeconds(life) });
        state.RenewIn(Start, TimeSpan.FromSeconds(before)).ShouldBe(TimeSpan.FromSeconds(expected));
    }

    [Theory]
    [InlineData(-3650)]
    [InlineData(3650)]
    public void A_clock_that_jumped_by_years_makes_no_wait_longer_than_the_token_lives(int days)
    {
        var wait = Paired().RenewIn(Start.AddDays(days), TimeSpan.FromMinutes(2)).ShouldNotBeNull();
        wait.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMinutes(15));
    }

    [Fact]
    public void A_pasted_token_is_not_renewed_by_itself_and_says_so_when_it_is_refused()
    {
        var state = Paired(c => c with { Refresh = null, Origin = CredentialOrigin.Pasted });
        state.RenewIn(Start, TimeSpan.FromMinutes(2)).ShouldBeNull();
        state
            .Decide(new Command.Refuse(new CredentialGeneration(1), "token_expired", Start))
            .Verdict.ShouldBeOfType<Verdict.CannotRenew>()
            .Message.ShouldContain("pair this device");
    }

    [Fact]
    public void A_credential_of_another_installation_is_neither_given_out_nor_renewed()
    {
        var state = Paired(c => c with { Device = new DeviceId("the-original") });
        state.Current.Token.ShouldBeNull();
        state.Current.Problem.ShouldNotBeNull().ShouldContain("another installation");
        state.RenewIn(Start, TimeSpan.FromMinutes(2)).ShouldBeNull();
        state.Decide(new Command.Renew(Start)).Events.ShouldBeEmpty();
    }

    [Fact]
    public void A_hub_that_refuses_each_token_that_it_gives_is_not_asked_in_a_tight_loop()
    {
        var (state, now, refreshes) = (Paired(), Start, 0);
        while (now < Start.AddMinutes(5))
        {
            var decision = state.Decide(new Command.Refuse(state.Stored.Generation, "token_invalid", now));
            if (decision.Verdict is Verdict.NotNow { Failure.RetryAfter: { } wait })
            {
                wait.ShouldBeGreaterThan(TimeSpan.Zero);
                now += wait;
                continue;
            }

            refreshes++;
            state = state.Evolve(decision.Events);
            state = state.Evolve(
                state.Decide(new Command.TakeRenewed(state.Stored.Generation, AuthStateWalk.Fresh(refreshes), now)).Events
            );
        }

        refreshes.ShouldBeInRange(2, 12);
    }

    [Fact]
    public void Retry_After_of_the_hub_is_kept_also_by_refusals()
    {
        var state = Paired();
        state = state.Evolve(state.Decide(new Command.Renew(Start)).Events);
        var busy = Offline with { RetryAfter = TimeSpan.FromSeconds(30) };
        state = state.Evolve(state.Decide(new Command.TakeFailure(state.Stored.Generation, busy, Start)).Events);

        Refuse(10).Verdict.ShouldBeOfType<Verdict.NotNow>().Failure.RetryAfter.ShouldBe(TimeSpan.FromSeconds(20));
        Refuse(31).Events.ShouldContain(x => x is Event.RenewalStarted);

        AuthState.Decision Refuse(int second) =>
            state.Decide(new Command.Refuse(state.Stored.Generation, "token_expired", Start.AddSeconds(second)));
    }

    [Fact]
    public void Signing_out_twice_is_one_sign_out()
    {
        var state = Paired();
        state = state.Evolve(state.Decide(new Command.SignOut()).Events);
        state.Stored.Generation.ShouldBe(new CredentialGeneration(2));
        state.Stored.Hub.ShouldBe(new Uri("https://hub/"));
        state.Decide(new Command.SignOut()).Events.ShouldBeEmpty();
    }

    private static AuthState Paired(long generation) => Paired(c => c with { Generation = new CredentialGeneration(generation) });

    private static AuthState Paired(Func<StoredCredential, StoredCredential>? change = null) =>
        new(
            (change ?? (static c => c))(AuthStateWalk.SignedIn() with { Generation = new CredentialGeneration(1), Device = Device }),
            Device
        );
}
