using ActorSync.Wire;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class PastedTokenTests : IDisposable
{
    private const string Me = "/v1/auth/me";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

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
}
