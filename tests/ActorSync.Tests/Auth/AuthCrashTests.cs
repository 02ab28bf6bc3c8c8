using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.TestKit;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class AuthCrashTests
{
    private const string Refresh = "/v1/auth/refresh";

    public enum Step
    {
        BeforeTheIntentIsStored,
        AfterTheIntentIsStored,
        BeforeTheHubActs,
        AfterTheHubActed,
        BeforeTheAnswerIsStored,
        AfterTheAnswerIsStored,
    }

    public static TheoryData<Step, bool, int> Steps()
    {
        var data = new TheoryData<Step, bool, int>();
        foreach (var step in Enum.GetValues<Step>())
        {
            for (var seed = 1; seed <= 5; seed++)
            {
                data.Add(step, true, seed);
                data.Add(step, false, seed);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Steps))]
    [Trait("criterion", "A4")]
    public void A_crash_at_each_step_of_a_refresh_leaves_the_newest_usable_token(Step step, bool kill, int seed)
    {
        using var auth = new AuthWorld(seed);
        auth.PairIt();
        var crashed = false;
        PlanCrash(auth, step, Crash);

        auth.Refuse(1);
        auth.World.RunUntil(() => crashed, TimeSpan.FromSeconds(5)).ShouldBeTrue();
        if (kill)
        {
            auth.Start();
        }

        // The request that was refused is made again, as a drain does; nobody pairs again.
        auth.World.Run(TimeSpan.FromSeconds(10));
        auth.Refuse(1);
        auth.Asker.Fish<Verdict.TryAgain>(within: TimeSpan.FromSeconds(40)).Generation.ShouldBe(auth.Current().Generation);
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue();
        auth.World.Run(TimeSpan.FromMinutes(60));
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue("and the family is not revoked");
        if (!kill)
        {
            auth.Verdicts().Length.ShouldBe(2, "each command was answered once");
        }

        void Crash()
        {
            if (!crashed)
            {
                crashed = true;
                if (kill)
                {
                    auth.Process.Kill();
                }

                throw new InjectedCrashException();
            }
        }
    }

    [Fact]
    public void Every_open_command_is_answered_once_when_the_owner_crashes()
    {
        using var auth = new AuthWorld();
        auth.PairIt();
        auth.Hub.Hold = static _ => true;
        auth.Refuse(1);
        auth.Asker.Send(auth.Auth, new Pair(AuthWorld.HubAddress, "EFGH2345", "tests", auth.Asker.Ref));
        auth.World.RunUntil(() => auth.Hub.Held == 2).ShouldBeTrue();

        auth.Process.Crash(auth.Auth);

        auth.Asker.Expect<Verdict.NotNow>();
        auth.Asker.Expect<SignInRefused>().Code.ShouldBe("credential_unavailable");
        auth.Hub.Hold = static _ => false;
        auth.Hub.Release();
        auth.Asker.ExpectNone(TimeSpan.FromSeconds(30));
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue();
    }

    [Fact]
    public void The_command_that_crashes_the_owner_is_answered_too()
    {
        using var auth = new AuthWorld();
        auth.PairIt();
        auth.Store.Saving = static _ => throw new InjectedCrashException();
        auth.Ask<SignOutRefused>(me => new SignOut(me));
        auth.Store.Saving = static _ => { };
        auth.Asker.ExpectNone();
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue();
        auth.Ask<SignedOut>(me => new SignOut(me));
    }

    [Fact]
    public void Every_open_command_is_answered_when_the_owner_stops()
    {
        using var auth = new AuthWorld();
        auth.PairIt();
        auth.Hub.Hold = static _ => true;
        auth.Refuse(1);
        auth.Asker.Send(auth.Auth, new UseToken(AuthWorld.HubAddress, auth.Hub.TokenToPaste(TimeSpan.FromDays(1)), auth.Asker.Ref));
        auth.World.RunUntil(() => auth.Hub.Held == 2).ShouldBeTrue();
        auth.Process.System.Stop(auth.Auth);
        auth.Asker.Expect<Verdict.NotNow>();
        auth.Asker.Expect<SignInRefused>();
    }

    [Fact]
    public void An_answer_to_an_earlier_incarnation_changes_nothing()
    {
        using var auth = new AuthWorld();
        auth.PairIt();
        auth.Hub.AnswersThoughCancelled = true;
        auth.Hub.Hold = static _ => true;
        auth.Refuse(1);
        auth.World.RunUntil(() => auth.Hub.Held == 1).ShouldBeTrue();
        auth.Process.Crash(auth.Auth);
        auth.Asker.Expect<Verdict.NotNow>();
        auth.World.RunUntil(() => auth.Hub.Held == 2, TimeSpan.FromSeconds(10)).ShouldBeTrue("the new one asks again");
        auth.Hub.Release();
        auth.World.Run(TimeSpan.FromSeconds(10));
        auth.Current().Generation.ShouldBe(new CredentialGeneration(2));
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue();
        auth.Store.Saves.ShouldBe(4, "pairing begun, paired, refresh sent, refreshed");
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_store_that_cannot_be_read_is_retried_and_nothing_is_cleared()
    {
        using var auth = new AuthWorld(start: false);
        auth.Store.Content = new StoredCredential
        {
            Generation = new CredentialGeneration(5),
            Hub = AuthWorld.HubAddress,
            Device = auth.Device,
            Access = new("token"),
        };
        var before = auth.Store.Content;
        auth.Store.Loading = static () => throw new CredentialUnavailableException("it is damaged", "put it back") { KnownGeneration = 5 };
        auth.Start();

        var current = auth.Current();
        current.Token.ShouldBeNull();
        current.Problem.ShouldBe("it is damaged; put it back");
        auth.LastTold.ShouldBe(new CredentialChanged(new CredentialGeneration(5), null, "it is damaged"));
        auth.RefusedPair(AuthWorld.GoodCode).Code.ShouldBe("credential_unavailable");
        auth.Refuse(5);
        auth.Asker.Expect<Verdict.NotNow>().Failure.Code.ShouldBe("credential_unavailable");
        auth.World.Run(TimeSpan.FromHours(1));
        auth.Store.Content.ShouldBe(before);
        auth.Store.Saves.ShouldBe(0);
        auth.Hub.Calls.ShouldBeEmpty();
        auth.World.Log.Count(LogLevel.ErrorLevel).ShouldBe(1);

        auth.Store.Loading = static () => { };
        auth.World.Run(TimeSpan.FromSeconds(31));
        auth.Current().Token.ShouldNotBeNull();
        auth.LastTold.Problem.ShouldBeNull();
        auth.LastTold.Generation.ShouldBe(new CredentialGeneration(5));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    [Trait("criterion", "A17")]
    public void Only_a_sign_out_replaces_what_cannot_be_read_and_goes_beyond_its_generation(long known)
    {
        using var auth = new AuthWorld(start: false);
        auth.Store.Loading = () => throw new CredentialUnavailableException("it is damaged", "put it back") { KnownGeneration = known };
        auth.Start();
        var signedOut = auth.Ask<SignedOut>(me => new SignOut(me));
        signedOut.Generation.Value.ShouldBeGreaterThan(known == 0 ? 1_000_000 : known);
        auth.Store.Loading = static () => { };
        auth.PairIt().Generation.Value.ShouldBe(signedOut.Generation.Value + 1);
    }

    private static void PlanCrash(AuthWorld auth, Step step, Action crash)
    {
        switch (step)
        {
            case Step.BeforeTheIntentIsStored:
                auth.Store.Saving = credential => When(credential.RefreshSentAt is not null);
                break;
            case Step.AfterTheIntentIsStored:
                auth.Store.Saved = credential => When(credential.RefreshSentAt is not null);
                break;
            case Step.BeforeTheHubActs:
                auth.Hub.Arriving = call => InTheOwner();
                break;
            case Step.AfterTheHubActed:
                auth.Hub.Done = call => InTheOwner();
                break;
            case Step.BeforeTheAnswerIsStored:
                auth.Store.Saving = credential => When(credential.Generation.Value == 2);
                break;
            case Step.AfterTheAnswerIsStored:
                auth.Store.Saved = credential => When(credential.Generation.Value == 2);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(step));
        }

        void When(bool now)
        {
            if (now)
            {
                crash();
            }
        }

        // The hub is no part of what crashes.
        void InTheOwner()
        {
            try
            {
                crash();
            }
            catch (InjectedCrashException)
            {
                if (auth.Process.Alive)
                {
                    auth.Process.Crash(auth.Auth);
                }
            }
        }
    }
}
