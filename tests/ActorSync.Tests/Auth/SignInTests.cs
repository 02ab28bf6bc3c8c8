using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class SignInTests : IDisposable
{
    private const string Redeem = "/v1/auth/devices/redeem";
    private const string Me = "/v1/auth/me";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    public void A_fresh_profile_says_that_it_is_not_signed_in_and_tells_its_listeners_once()
    {
        var current = _auth.Current();
        current.Token.ShouldBeNull();
        current.Binding.ShouldBeNull();
        current.Problem.ShouldNotBeNull().ShouldContain("not signed in");
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

    [Theory]
    [InlineData("ftp://hub.example.com/")]
    [InlineData("http://hub.example.com/")]
    [InlineData("https://user:secret@hub.example.com/")]
    [InlineData("https://hub.example.com/?a=1")]
    [InlineData("/no/host")]
    [Trait("criterion", "A14")]
    public void A_bad_address_is_refused_before_anything_is_sent_or_stored(string address)
    {
        var refused = _auth.RefusedPair(AuthWorld.GoodCode, new Uri(address, UriKind.RelativeOrAbsolute));
        refused.Code.ShouldBe("invalid_hub");
        refused.Message.ShouldNotContain("secret");
        _auth
            .Ask<SignInRefused>(me => new UseToken(new Uri(address, UriKind.RelativeOrAbsolute), "a.b.c", me))
            .Code.ShouldBe("invalid_hub");
        _auth.Hub.Calls.ShouldBeEmpty();
        _auth.Store.Saves.ShouldBe(0);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/")]
    [InlineData("http://[::1]:5000/")]
    [InlineData("http://localhost:5000/")]
    [InlineData("http://TRUSTED.lan/")]
    [InlineData("https://hub.example.com/base/")]
    [Trait("criterion", "A14")]
    public void Plain_http_goes_to_loopback_and_to_hosts_that_are_named(string address)
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth
            .Ask<SignedIn>(me => new Pair(new Uri(address), AuthWorld.GoodCode, "tests", me))
            .Binding.Hub.ShouldBe(new Uri(address.TrimEnd('/')));
    }

    [Fact]
    public void A_pasted_token_is_trimmed_and_confirmed_by_the_hub()
    {
        var token = _auth.Hub.TokenToPaste(TimeSpan.FromDays(30));
        var signedIn = _auth.Ask<SignedIn>(me => new UseToken(AuthWorld.HubAddress, $"\n  {token}\t ", me));

        signedIn.Binding.Account.ShouldBe("acc");
        signedIn.Binding.CanRefresh.ShouldBeFalse();
        signedIn.Binding.ExpiresAt.ShouldNotBeNull().ShouldBe(_auth.World.Now.AddDays(30), TimeSpan.FromSeconds(1));
        _auth.Current().Token.ShouldBe(new AccessToken(token));
        _auth.Hub.Count(Me).ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a token")]
    [InlineData("a.b")]
    [InlineData("e30.e30.e30.e30")]
    [InlineData("e30.e30.")]
    [InlineData("e30.e30.a+b/")]
    [InlineData("e30.bm8ganNvbg.c2ln")]
    [InlineData("e30.W10.c2ln")]
    [InlineData("e30.e30 .c2ln")]
    [InlineData("e30=.e30.c2ln")]
    public void What_is_no_token_is_refused_before_anything_is_sent(string text)
    {
        _auth.RefusedToken(text).Code.ShouldBe("invalid_token");
        _auth.Hub.Calls.ShouldBeEmpty();
        _auth.Store.Saves.ShouldBe(0);
    }

    [Fact]
    public void An_expired_token_is_refused_with_its_end_before_anything_is_sent()
    {
        var token = _auth.Hub.TokenToPaste(TimeSpan.FromMinutes(1));
        _auth.World.Run(TimeSpan.FromMinutes(1));
        var refused = _auth.RefusedToken(token);
        refused.Code.ShouldBe("token_expired");
        refused.Message.ShouldContain("2030-01-01");
        _auth.Hub.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void A_token_that_the_hub_does_not_confirm_stays_out_and_each_reason_has_its_text()
    {
        var answers = new[]
        {
            AccountHub.Error(401, "token_revoked"),
            AccountHub.Error(401, "token_invalid"),
            AccountHub.Error(401, "token_expired"),
            AccountHub.Html(200),
            AccountHub.Html(401),
            AccountHub.Json(200, "{}"),
            AccountHub.Json(200, "[1]"),
            AccountHub.Error(503, "unavailable"),
            new HubReply.Failed(AccountHub.Reset),
        };
        var token = _auth.Hub.TokenToPaste(TimeSpan.FromDays(1));
        var codes = new List<string>();
        foreach (var answer in answers)
        {
            _auth.Hub.Instead = _ => answer;
            var refused = _auth.RefusedToken(token);
            codes.Add(refused.Code);
            refused.Message.ShouldNotBeEmpty();
            refused.Remedy.ShouldNotBeEmpty();
        }

        codes.ShouldBe([
            "token_revoked",
            "token_invalid",
            "token_expired",
            "captive_portal",
            "captive_portal",
            "unexpected_answer",
            "unexpected_answer",
            "http_503",
            "reset",
        ]);
        _auth.Current().Token.ShouldBeNull();
        _auth.Store.Saves.ShouldBe(0);
    }

    [Fact]
    public void A_sign_in_that_fails_leaves_the_credential_that_is_there()
    {
        _auth.PairIt();
        var before = _auth.Current();
        _auth.RefusedPair("ZZZZ2345").Code.ShouldBe("unknown_code");
        _auth.RefusedToken("rubbish");
        _auth.Current().ShouldBe(before);
    }

    [Fact]
    public void What_the_hub_gave_for_another_device_is_refused()
    {
        _auth.Hub.Device = "device-2";
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.RefusedPair(AuthWorld.GoodCode).Code.ShouldBe("device_mismatch");
        _auth.RefusedToken(_auth.Hub.TokenToPaste(TimeSpan.FromDays(1))).Code.ShouldBe("device_mismatch");
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
        _auth.Hub.Hold = _ => true;
        var other = _auth.Process.Probe("other");
        other.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, "ABCD2345", "tests", other.Ref));
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();
        _auth.Hub.Hold = _ => false;

        _auth.Ask<SignedIn>(me => new Pair(AuthWorld.HubAddress, "EFGH2345", "tests", me));
        other.Expect<SignInRefused>().Code.ShouldBe("superseded");
        var before = _auth.Current();
        _auth.Hub.Release();
        _auth.World.Run(TimeSpan.FromSeconds(1));
        _auth.Current().ShouldBe(before);
    }

    [Fact]
    public void A_sign_out_ends_a_sign_in_that_hangs()
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.Hub.Hold = _ => true;
        var other = _auth.Process.Probe("other");
        other.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", other.Ref));
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();

        _auth.Ask<SignedOut>(me => new SignOut(me));
        other.Expect<SignInRefused>().Code.ShouldBe("superseded");
        _auth.Hub.Release();
        _auth.World.Run(TimeSpan.FromSeconds(1));
        _auth.Current().Token.ShouldBeNull();
    }

    [Fact]
    [Trait("criterion", "A11")]
    public void Sign_out_takes_the_secret_keeps_the_hub_and_sends_nothing_more()
    {
        var paired = _auth.PairIt();
        var calls = _auth.Hub.Calls.Count;

        var signedOut = _auth.Ask<SignedOut>(me => new SignOut(me));

        signedOut.Generation.ShouldBe(new CredentialGeneration(paired.Generation.Value + 1));
        _auth.Store.Content.ShouldBe(
            new StoredCredential
            {
                Generation = signedOut.Generation,
                Hub = AuthWorld.HubAddress,
                Account = "acc",
                Handle = "me",
                Device = _auth.Device,
            }
        );
        _auth.LastTold.ShouldBe(new CredentialChanged(signedOut.Generation, null, null));
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.Count.ShouldBe(calls);

        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(3));
    }

    [Fact]
    public void A_generation_is_used_once_also_across_sign_outs_and_processes()
    {
        _auth.PairIt();
        _auth.Ask<SignedOut>(me => new SignOut(me));
        _auth.Process.Kill();
        _auth.Start();
        _auth.Listener.Expect<CredentialChanged>().ShouldBe(new CredentialChanged(new CredentialGeneration(2), null, null));
        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(3));
    }

    [Fact]
    public void A_copied_folder_does_not_use_the_originals_tokens_and_can_be_paired()
    {
        _auth.PairIt();
        _auth.Process.Kill();
        _auth.Device = new DeviceId("the-copy");
        _auth.Hub.Calls.Clear();
        _auth.Start();

        _auth.Current().Token.ShouldBeNull();
        _auth.LastTold.Problem.ShouldNotBeNull().ShouldContain("another installation");
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.ShouldBeEmpty();
        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Current().Problem.ShouldBeNull();
    }

    [Fact]
    public void A_sign_in_that_cannot_be_stored_is_refused_and_can_be_repeated()
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.Store.Saving = credential =>
        {
            if (credential.Access is not null)
            {
                throw new CredentialUnavailableException("the disk is full", "make room") { DiskFull = true };
            }
        };
        var refused = _auth.RefusedPair(AuthWorld.GoodCode);
        refused.Code.ShouldBe("credential_unavailable");
        refused.Remedy.ShouldBe("make room");
        _auth.Current().Token.ShouldBeNull();

        _auth.Store.Saving = static _ => { };
        _auth.Ask<SignedIn>(me => new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", me));
        _auth.World.Log.Count(LogLevel.ErrorLevel).ShouldBe(0);
    }

    [Fact]
    public void A_sign_out_that_cannot_be_stored_says_so_and_changes_nothing()
    {
        _auth.PairIt();
        var before = _auth.Current();
        _auth.Store.Saving = static _ => throw new CredentialUnavailableException("read-only", "remount it");
        _auth.Ask<SignOutRefused>(me => new SignOut(me)).Remedy.ShouldBe("remount it");
        _auth.Current().ShouldBe(before);
    }
}

internal static class HubCallText
{
    public static string Utf8(this HubCall call) => System.Text.Encoding.UTF8.GetString(call.Body.Span);
}
