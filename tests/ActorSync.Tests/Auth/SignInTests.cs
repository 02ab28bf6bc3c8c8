using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class SignInTests : IDisposable
{
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

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
}
