using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class PairingTests : IDisposable
{
    private const string Redeem = "/v1/auth/devices/redeem";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    public void A_fresh_profile_has_no_credential_and_no_problem_and_tells_its_listeners_once()
    {
        var current = _auth.Current();
        current.Token.ShouldBeNull();
        current.Binding.ShouldBeNull();
        current.Problem.ShouldBeNull("signed out is no trouble");
        _auth.Listener.Expect<CredentialChanged>().ShouldBe(new CredentialChanged(CredentialGeneration.None, null, null));
        _auth.Listener.ExpectNone();
        _auth.Store.Saves.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "A14")]
    public void A_code_signs_in()
    {
        var signedIn = _auth.PairIt();

        signedIn.Generation.ShouldBe(new CredentialGeneration(1));
        signedIn.Binding.ShouldBe(new Binding(AuthWorld.HubAddress, "acc", "me", _auth.Store.Content.ExpiresAt, CanRefresh: true));
        var current = _auth.Current();
        _auth.Hub.IsGood(current.Token).ShouldBeTrue();
        current.Problem.ShouldBeNull();
        _auth.LastTold.ShouldBe(new CredentialChanged(signedIn.Generation, signedIn.Binding, null));
    }

    [Theory]
    [InlineData("abcd2345")]
    [InlineData(" ABCD-2345\n")]
    [InlineData("abcd 2345")]
    [Trait("criterion", "A14")]
    public void A_code_may_be_typed_as_people_type(string typed)
    {
        _auth.Hub.AddCode("ABCD2345");
        _auth.Ask<SignedIn>(me => new Pair(AuthWorld.HubAddress, typed, "tests", me));
    }

    [Theory]
    [InlineData("ABCD234")]
    [InlineData("ABCD23456")]
    [InlineData("ABCD234O")]
    [InlineData("ABCD234I")]
    [InlineData("ABCD234Ä")]
    [InlineData("")]
    [Trait("criterion", "A14")]
    public void What_cannot_be_a_code_is_refused_before_anything_is_sent_or_stored(string typed)
    {
        _auth.RefusedPair(typed).Code.ShouldBe("invalid_code");
        _auth.Hub.Calls.ShouldBeEmpty();
        _auth.Store.Saves.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "A14")]
    public void Each_refusal_of_a_code_has_its_own_text()
    {
        var answers = new[]
        {
            AccountHub.Error(400, "invalid_code"),
            AccountHub.Error(404, "unknown_code"),
            AccountHub.Error(409, "already_redeemed"),
            AccountHub.Error(410, "expired"),
            AccountHub.Error(429, HubCodes.Throttled, TimeSpan.FromSeconds(42)),
        };
        var refusals = new List<SignInRefused>();
        foreach (var answer in answers)
        {
            _auth.Hub.Instead = _ => answer;
            refusals.Add(_auth.RefusedPair(AuthWorld.GoodCode));
        }

        refusals.Select(x => x.Code).ShouldBe(["invalid_code", "unknown_code", "already_redeemed", "expired", "throttled"]);
        refusals.Select(x => x.Message).Distinct(StringComparer.Ordinal).Count().ShouldBe(answers.Length);
        refusals.ShouldAllBe(x => x.Remedy.Length > 0);
        refusals[^1].Remedy.ShouldContain("42 s");
        _auth.Current().Token.ShouldBeNull();
    }

    [Fact]
    [Trait("criterion", "A14")]
    public void A_code_works_once_and_for_five_minutes()
    {
        _auth.PairIt();
        _auth.PairIt("EFGH2345");
        _auth.RefusedPair(AuthWorld.GoodCode).Code.ShouldBe("already_redeemed");

        _auth.Hub.AddCode("JKMN2345");
        _auth.World.Run(TimeSpan.FromMinutes(5));
        _auth.RefusedPair("JKMN2345").Code.ShouldBe("expired");
    }

    [Fact]
    [Trait("criterion", "A14")]
    public void The_nonce_is_on_disk_before_the_hub_sees_it_and_the_code_is_not()
    {
        _auth.Hub.Arriving = call => call.Utf8().ShouldContain(_auth.Store.Content.Pairing.ShouldNotBeNull().Nonce);
        _auth.PairIt();
        _auth.Hub.Count(Redeem).ShouldBe(1);
        _auth.Store.Content.Pairing.ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("criterion", "A14")]
    public void A_pairing_whose_answer_was_lost_is_repeated_with_the_same_code(bool killed)
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.Hub.Lose = _ => true;
        var lost = _auth.RefusedPair(AuthWorld.GoodCode);
        lost.Code.ShouldBe("reset");
        lost.Remedy.ShouldContain("the same code");
        _auth.Hub.Lose = _ => false;
        if (killed)
        {
            _auth.Process.Kill();
            _auth.Start();
        }

        var again = _auth.Ask<SignedIn>(me => new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", me));

        again.Generation.ShouldBe(new CredentialGeneration(1));
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
    }

    [Fact]
    public void Another_code_gets_another_nonce()
    {
        _auth.Hub.Instead = _ => AccountHub.Error(503, "unavailable");
        _auth.RefusedPair("ABCD2345");
        var first = _auth.Store.Content.Pairing.ShouldNotBeNull();
        _auth.RefusedPair("EFGH2345");
        (_auth.Store.Content.Pairing.ShouldNotBeNull().Nonce == first.Nonce).ShouldBeFalse();
    }

    [Fact]
    public void The_same_code_twice_at_once_is_one_call_and_two_answers()
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        var pair = new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", _auth.Asker.Ref);
        _auth.Asker.Send(_auth.Auth, pair);
        _auth.Asker.Send(_auth.Auth, pair);
        _auth.Asker.Expect<SignedIn>().ShouldBe(_auth.Asker.Expect<SignedIn>());
        _auth.Asker.ExpectNone();
        _auth.Hub.Count(Redeem).ShouldBe(1);
    }

    [Fact]
    public void A_later_sign_in_takes_the_place_of_one_that_hangs()
    {
        _auth.Hub.AddCode("ABCD2345");
        _auth.Hub.AddCode("EFGH2345");
        _auth.Hub.AnswersThoughCancelled = true;
        _auth.Hub.Hold = _ => true;
        var other = _auth.Process.Probe("other");
        other.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, "ABCD2345", "tests", other.Ref));
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();
        _auth.Asker.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, "EFGH2345", "tests", _auth.Asker.Ref));
        other.Expect<SignInRefused>().Code.ShouldBe("superseded");
        _auth.World.RunUntil(() => _auth.Hub.Held == 2).ShouldBeTrue();

        _auth.Hub.Release(1);
        _auth.Asker.ExpectNone();
        _auth.Current().Token.ShouldBeNull("the first answer is nobody's any more");
        _auth.Hub.Release();
        _auth.Asker.Expect<SignedIn>();
        other.ExpectNone();
    }
}
