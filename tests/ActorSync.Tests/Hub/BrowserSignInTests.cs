using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class BrowserSignInTests
{
    private const string Redirect = "http://127.0.0.1:54321/callback?x=1";
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    // The vector of RFC 7636, appendix B.
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    [Fact]
    [Trait("criterion", "A15")]
    public async Task A_person_signs_a_program_in_with_a_code_and_the_program_alone_can_use_what_comes_back()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        (await browser.OpenAsync(Query())).ShouldBe(HttpStatusCode.OK);
        browser
            .Header("Content-Security-Policy")
            .ShouldBe("default-src 'none'; form-action 'self' http://127.0.0.1:54321; frame-ancestors 'none'; base-uri 'none'");
        browser.Header("X-Frame-Options").ShouldBe("DENY");
        browser.Header("Cache-Control").ShouldBe("no-store");
        browser.Header("Set-Cookie").ShouldNotBeNull().ShouldContain("; HttpOnly; SameSite=Strict");
        browser.Page.ShouldNotContain("script");

        var typed = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        (await browser.SubmitAsync($" {typed[..4].ToLowerInvariant()}-{typed[4..]}")).ShouldBe(HttpStatusCode.SeeOther);
        var back = new Uri(browser.Header("Location")!);
        back.GetLeftPart(UriPartial.Path).ShouldBe("http://127.0.0.1:54321/callback");
        var values = HttpUtility.ParseQueryString(back.Query);
        values["x"].ShouldBe("1");
        values["state"].ShouldBe("s&\"<t");
        var code = values["code"].ShouldNotBeNull();

        (await ExchangeAsync(world, code, Verifier[..^1] + "l")).ShouldBe(401, "invalid_grant");
        (await ExchangeAsync(world, code, Verifier, redirect: "http://127.0.0.1:54322/callback?x=1")).ShouldBe(401, "invalid_grant");
        var granted = (await ExchangeAsync(world, code, Verifier)).ShouldBe(200);
        granted.Text("handle").ShouldBe("ada");
        granted.Text("device_id").ShouldBe("laptop");
        var device = new HubDevice(world, "laptop", granted.Text("access_token")!);
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
        var refresh = new JsonObject { ["refresh_token"] = granted.Text("refresh_token"), ["device_id"] = "laptop" };
        (await PostAsync(world, "/v1/auth/refresh", refresh)).ShouldBe(200);

        // Somebody has it a second time: what it gave ends.
        (await ExchangeAsync(world, code, Verifier)).ShouldBe(401, "invalid_grant");
        (await device.GetAsync("/v1/auth/me")).ShouldBe(401, "token_revoked");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/callback")]
    [InlineData("https://127.0.0.1:1/callback")]
    [InlineData("http://localhost:1/callback")]
    [InlineData("http://127.0.0.1.example.com/callback")]
    [InlineData("http://127.0.0.1@example.com/callback")]
    [InlineData("http://u@127.0.0.1:1/callback")]
    [InlineData("http://2130706433:1/callback")]
    [InlineData("http://127.0.0.1:1/callback#x")]
    [InlineData("http://127.0.0.1:1/call back")]
    [InlineData("http://127.0.0.1:1/call\r\nback")]
    [InlineData("javascript:alert(1)")]
    public async Task Nobody_is_sent_anywhere_but_to_this_machine(string? redirect)
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        (await browser.OpenAsync(Query(redirect: redirect))).ShouldBe(HttpStatusCode.BadRequest);
        browser.Header("Location").ShouldBeNull();
        browser.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        browser.Ticket.ShouldBeNull();
    }

    [Fact]
    public async Task Loopback_by_its_IPv6_number_is_this_machine()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        (await browser.OpenAsync(Query(redirect: "http://[::1]:9/back"))).ShouldBe(HttpStatusCode.OK);
        (await browser.SubmitAsync((await world.Hub.CreatePairingCodeAsync("ada")).Code)).ShouldBe(HttpStatusCode.SeeOther);
        browser.Header("Location").ShouldNotBeNull().ShouldStartWith("http://[::1]:9/back?code=");
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("state", null, "invalid_request")]
    [Trait("criterion", "A15")]
    public async Task A_program_that_asks_wrongly_is_told_so_at_its_own_address(string field, string? value, string error)
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        var query = Query();
        query.Remove(field);
        if (value is not null)
        {
            query.Add(field, value);
        }

        (await browser.OpenAsync(query)).ShouldBe(HttpStatusCode.SeeOther);
        var values = HttpUtility.ParseQueryString(new Uri(browser.Header("Location")!).Query);
        values["error"].ShouldBe(error);
        values["state"].ShouldBe(field == "state" ? null : "s&\"<t");
        values["code"].ShouldBeNull();
    }

    [Fact]
    public async Task A_parameter_that_is_there_twice_is_none()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        var query = Query();
        query.Add("redirect_uri", "http://127.0.0.1:1/other");
        (await browser.OpenAsync(query)).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    [Trait("criterion", "X2")]
    public async Task A_form_that_is_not_of_this_browsers_page_is_refused_and_costs_no_code()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        using var other = new Browser(world);
        await browser.OpenAsync(Query());
        await other.OpenAsync(Query());
        var typed = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        var ticket = browser.Ticket!;
        foreach (
            var (sent, cookie) in new (string, string?)[]
            {
                (ticket, null),
                (ticket, other.Cookie),
                (other.Ticket!, browser.Cookie),
                (ticket[..^1] + (ticket[^1] == 'A' ? 'B' : 'A'), browser.Cookie),
                ("x" + ticket, browser.Cookie),
                (ticket.Split('.')[0], browser.Cookie),
                ("", browser.Cookie),
            }
        )
        {
            (await browser.SubmitAsync(typed, sent, cookie)).ShouldBe(HttpStatusCode.BadRequest);
            browser.Header("Location").ShouldBeNull();
        }

        (await browser.SubmitAsync(typed, ticket, browser.Cookie)).ShouldBe(HttpStatusCode.SeeOther);
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        (await other.SubmitAsync(typed)).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    [Trait("criterion", "A14")]
    public async Task A_wrong_a_used_and_an_old_code_are_told_apart_and_may_be_typed_again()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        using var second = new Browser(world);
        await browser.OpenAsync(Query());
        await second.OpenAsync(Query());
        (await browser.SubmitAsync("ABC")).ShouldBe(HttpStatusCode.BadRequest);
        browser.Page.ShouldContain("8 characters");
        (await browser.SubmitAsync("AAAAAAAA")).ShouldBe(HttpStatusCode.BadRequest);
        browser.Page.ShouldContain("no such code");
        var typed = (await world.Hub.CreatePairingCodeAsync("ada")).Code;

        // The button pressed twice: the browser shows the second answer only.
        (await browser.SubmitAsync(typed)).ShouldBe(HttpStatusCode.SeeOther);
        (await browser.SubmitAsync(typed)).ShouldBe(HttpStatusCode.SeeOther);
        var code = HttpUtility.ParseQueryString(new Uri(browser.Header("Location")!).Query)["code"]!;
        (await second.SubmitAsync(typed)).ShouldBe(HttpStatusCode.BadRequest);
        second.Page.ShouldContain("was used");
        var redeem = new JsonObject
        {
            ["code"] = typed,
            ["device_id"] = "d",
            ["nonce"] = "n",
        };
        (await PostAsync(world, "/v1/auth/devices/redeem", redeem)).ShouldBe(409, "already_redeemed");
        (await ExchangeAsync(world, code, Verifier)).ShouldBe(200);

        var late = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        (await second.SubmitAsync(late)).ShouldBe(HttpStatusCode.BadRequest);
        second.Page.ShouldContain("has expired");
    }

    [Fact]
    public async Task A_code_is_good_for_a_minute()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        await browser.OpenAsync(Query());
        (await browser.SubmitAsync((await world.Hub.CreatePairingCodeAsync("ada")).Code)).ShouldBe(HttpStatusCode.SeeOther);
        var code = HttpUtility.ParseQueryString(new Uri(browser.Header("Location")!).Query)["code"]!;
        world.Clock.Advance(TimeSpan.FromSeconds(60));
        (await ExchangeAsync(world, code, Verifier)).ShouldBe(401, "invalid_grant");
        (await ExchangeAsync(world, "nonsense", Verifier)).ShouldBe(401, "invalid_grant");
        (await PostAsync(world, "/v1/auth/token", new JsonObject { ["code"] = code })).ShouldBe(400, "invalid_request");
    }

    [Fact]
    [Trait("criterion", "A16")]
    public async Task No_code_verifier_or_token_of_a_sign_in_stands_in_a_file()
    {
        await using var world = await HubWorld.StartAsync();
        using var browser = new Browser(world);
        await browser.OpenAsync(Query());
        var typed = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        await browser.SubmitAsync(typed);
        var code = HttpUtility.ParseQueryString(new Uri(browser.Header("Location")!).Query)["code"]!;
        var granted = (await ExchangeAsync(world, code, Verifier)).ShouldBe(200);
        var files = Directory.GetFiles(world.Folder).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)).ToArray();
        files.Length.ShouldBeGreaterThan(1);
        foreach (var secret in new[] { typed, code, Verifier, granted.Text("refresh_token")!, granted.Text("access_token")! })
        {
            foreach (var file in files)
            {
                await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                var bytes = new byte[open.Length];
                await open.ReadExactlyAsync(bytes);
                bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)).ShouldBe(-1, $"{Path.GetFileName(file)} holds {secret}");
            }
        }
    }

    [Fact]
    [Trait("criterion", "A14")]
    public async Task Tries_are_counted_together_with_those_to_redeem()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { SignInPagesPerMinute = 2 });
        using var browser = new Browser(world);
        await browser.OpenAsync(Query());
        for (var i = 0; i < 10; i++)
        {
            (await browser.SubmitAsync("AAAAAAAA")).ShouldBe(HttpStatusCode.BadRequest);
        }

        (await browser.SubmitAsync("AAAAAAAA")).ShouldBe(HttpStatusCode.TooManyRequests);
        browser.Header("Retry-After").ShouldBe("60");
        (await PostAsync(world, "/v1/auth/devices/redeem", [])).ShouldBe(429, "throttled");
        (await PostAsync(world, "/v1/auth/token", [])).ShouldBe(429, "throttled");
        (await browser.OpenAsync(Query())).ShouldBe(HttpStatusCode.OK);
        (await browser.OpenAsync(Query())).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    private static System.Collections.Specialized.NameValueCollection Query(string? redirect = Redirect)
    {
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))).ShouldBe(Challenge);
        var query = HttpUtility.ParseQueryString("");
        query.Add("response_type", "code");
        query.Add("code_challenge", Challenge);
        query.Add("code_challenge_method", "S256");
        query.Add("state", "s&\"<t");
        if (redirect is not null)
        {
            query.Add("redirect_uri", redirect);
        }

        return query;
    }

    private static Task<Answer> ExchangeAsync(HubWorld world, string code, string verifier, string redirect = Redirect) =>
        PostAsync(
            world,
            "/v1/auth/token",
            new JsonObject
            {
                ["code"] = code,
                ["code_verifier"] = verifier,
                ["redirect_uri"] = redirect,
                ["device_id"] = "laptop",
            }
        );

    private static async Task<Answer> PostAsync(HubWorld world, string path, JsonObject body) =>
        await Answer.ReadAsync(await world.Client().PostAsync(path, new StringContent(body.ToJsonString())));
}
