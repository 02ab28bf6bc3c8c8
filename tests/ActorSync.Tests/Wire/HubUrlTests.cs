using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

[Trait("criterion", "A14")]
public sealed class HubUrlTests
{
    [Theory]
    [InlineData("https://hub.example", "https://hub.example/")]
    [InlineData("  https://hub.example/\t\n", "https://hub.example/")]
    [InlineData("HTTPS://Hub.Example:443/", "https://hub.example/")]
    [InlineData("https://hub.example/base/", "https://hub.example/base")]
    [InlineData("https://hub.example/a/b//", "https://hub.example/a/b")]
    [InlineData("https://hub.example/a/../b", "https://hub.example/b")]
    [InlineData("https://hub.example:8443", "https://hub.example:8443/")]
    [InlineData("http://127.0.0.1:5000/", "http://127.0.0.1:5000/")]
    [InlineData("http://127.9.9.9", "http://127.9.9.9/")]
    [InlineData("http://[::1]:5000", "http://[::1]:5000/")]
    [InlineData("http://LocalHost:80", "http://localhost/")]
    [InlineData("http://nas.lan/", "http://nas.lan/")]
    [InlineData("http://192.168.7.7", "http://192.168.7.7/")]
    [InlineData("http://[fd00::7]", "http://[fd00::7]/")]
    public void A_good_address_is_taken_in_one_form(string text, string expected)
    {
        HubUrl.TryParse(text, ["NAS.lan", "192.168.7.7", "[fd00::7]"], out var address, out var problem).ShouldBeTrue(problem);
        address!.AbsoluteUri.ShouldBe(expected);
        problem.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("htp://hub.example")]
    [InlineData("ftp://hub.example")]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript://alert")]
    [InlineData("hub.example")]
    [InlineData("hub.example:8080/x")]
    [InlineData("//hub.example")]
    [InlineData("https:/hub.example")]
    [InlineData("https:hub.example")]
    [InlineData("https://")]
    [InlineData("https:///path")]
    [InlineData("https://:443")]
    [InlineData("https://hub .example")]
    [InlineData("https://hub.example/a b")]
    [InlineData("https://hub.example\\@evil.example")]
    [InlineData("https://hub.example/\u0007")]
    [InlineData("https://user@hub.example")]
    [InlineData("https://user:password@hub.example")]
    [InlineData("https://@hub.example")]
    [InlineData("https://hub.example?")]
    [InlineData("https://hub.example/?a=b")]
    [InlineData("https://hub.example/#")]
    [InlineData("https://hub.example/#x")]
    [InlineData("https://hub.example:0")]
    [InlineData("https://hub.example:70000")]
    [InlineData("https://hub.example:x")]
    [InlineData("http://hub.example")]
    [InlineData("http://127.0.0.1.evil.example")]
    [InlineData("http://localhost.evil.example")]
    [InlineData("http://nas.lan.evil.example")]
    [InlineData("http://128.0.0.1")]
    [InlineData("http://0.0.0.0")]
    [InlineData("http://[::2]")]
    public void A_bad_one_is_refused_with_what_is_wrong(string? text)
    {
        HubUrl.TryParse(text, ["nas.lan"], out var address, out var problem).ShouldBeFalse();
        address.ShouldBeNull();
        problem.ShouldNotBeNullOrWhiteSpace();
        problem.ShouldNotContain("password@");
    }

    [Fact]
    public void An_endless_one_is_refused() =>
        HubUrl.TryParse($"https://hub.example/{new string('a', 5000)}", [], out _, out _).ShouldBeFalse();
}
