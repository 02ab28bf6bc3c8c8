using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using System.Web;
using ActorSync.Auth.Browser;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Auth.Browser;

/// <summary>The port that a browser answers to, from a browser's side and from a stranger's.</summary>
[Trait("criterion", "A15")]
public sealed class LoopbackSignInTests : IDisposable
{
    private static readonly AuthorizationRequest Hub = new(new Uri("https://hub.example/authorize"));
    private readonly HttpClient _browser = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    [Fact]
    public async Task The_page_asks_for_a_code_with_a_fresh_state_and_an_S256_challenge_and_the_answer_carries_the_verifier()
    {
        var states = new HashSet<string>(StringComparer.Ordinal);
        for (var run = 0; run < 3; run++)
        {
            var page = new TaskCompletionSource<Uri>();
            var signIn = RunAsync(page);
            var query = HttpUtility.ParseQueryString((await page.Task).Query);
            query["response_type"].ShouldBe("code");
            query["code_challenge_method"].ShouldBe("S256");
            states.Add(query["state"]!).ShouldBeTrue();
            query["state"]!.Length.ShouldBe(43);
            var redirect = new Uri(query["redirect_uri"]!);
            redirect.Host.ShouldBe("127.0.0.1");
            redirect.Port.ShouldBeGreaterThan(1024);

            var answer = await _browser.GetAsync($"{redirect}?code=the-code&state={query["state"]}");

            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("default-src 'none'");
            var code = await signIn;
            code.Code.ShouldBe("the-code");
            code.Redirect.ShouldBe(redirect);
            var hash = SHA256.HashData(Encoding.ASCII.GetBytes(code.Verifier));
            query["code_challenge"].ShouldBe(Convert.ToBase64String(hash).TrimEnd('=').Replace('+', '-').Replace('/', '_'));
            code.ToString().ShouldNotContain(code.Verifier);
            await ReleasedAsync(redirect.Port);
        }
    }

    [Theory]
    [InlineData("GET", "/callback?code=evil&state=wrong", 400)]
    [InlineData("GET", "/callback?code=evil", 400)]
    [InlineData("GET", "/callback?code=evil&state={state}&state={state}", 400)]
    [InlineData("GET", "/callback?code=evil&code=other&state={state}", 400)]
    [InlineData("GET", "/callback?code=evil&error=denied&state={state}", 400)]
    [InlineData("GET", "/callback?state={state}", 400)]
    [InlineData("GET", "/callback?code=&state={state}", 400)]
    [InlineData("GET", "/favicon.ico", 404)]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/callback/?code=evil&state={state}", 404)]
    [InlineData("HEAD", "/callback?code=evil&state={state}", 405)]
    [InlineData("POST", "/callback?code=evil&state={state}", 405)]
    public async Task A_stray_request_is_refused_and_ends_nothing(string method, string path, int status)
    {
        var page = new TaskCompletionSource<Uri>();
        var signIn = RunAsync(page);
        var (redirect, state) = Read(await page.Task);
        using var stray = new HttpRequestMessage(new HttpMethod(method), new Uri(redirect, path.Replace("{state}", state)));

        using var answer = await _browser.SendAsync(stray);

        ((int)answer.StatusCode).ShouldBe(status);
        signIn.IsCompleted.ShouldBeFalse();
        await _browser.GetAsync($"{redirect}?code=good&state={state}");
        (await signIn).Code.ShouldBe("good");
    }

    [Fact]
    public async Task A_name_that_was_rebound_to_our_port_is_refused()
    {
        var page = new TaskCompletionSource<Uri>();
        var signIn = RunAsync(page);
        var (redirect, state) = Read(await page.Task);
        using var rebound = new HttpRequestMessage(HttpMethod.Get, $"{redirect}?code=evil&state={state}");
        rebound.Headers.Host = "evil.example";

        using var answer = await _browser.SendAsync(rebound);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        signIn.IsCompleted.ShouldBeFalse();
        await _browser.GetAsync($"{redirect}?code=good&state={state}");
        await signIn;
    }

    [Fact]
    public async Task A_refusal_on_the_page_is_said_and_the_port_is_released()
    {
        var page = new TaskCompletionSource<Uri>();
        var signIn = RunAsync(page);
        var (redirect, state) = Read(await page.Task);

        using var answer = await _browser.GetAsync($"{redirect}?error=access_denied%0d%0aX&state={state}");

        var refused = await signIn.ShouldThrowAsync<CredentialException>();
        refused.Code.ShouldBe("sign_in_denied");
        refused.Message.ShouldContain("access_denied__X");
        await ReleasedAsync(redirect.Port);
    }

    [Fact]
    public async Task Nobody_signing_in_ends_at_the_timeout_and_the_port_is_released()
    {
        var page = new TaskCompletionSource<Uri>();
        var signIn = RunAsync(page, TimeSpan.FromMilliseconds(200));
        var (redirect, _) = Read(await page.Task);

        (await signIn.ShouldThrowAsync<CredentialException>()).Code.ShouldBe("sign_in_timeout");
        await ReleasedAsync(redirect.Port);
    }

    [Fact]
    public async Task Giving_up_is_a_cancellation_and_releases_the_port()
    {
        using var stop = new CancellationTokenSource();
        var page = new TaskCompletionSource<Uri>();
        var signIn = RunAsync(page, cancellation: stop.Token);
        var (redirect, _) = Read(await page.Task);

        await stop.CancelAsync();

        await signIn.ShouldThrowAsync<OperationCanceledException>();
        await ReleasedAsync(redirect.Port);
    }

    [Fact]
    public void The_parameters_of_a_provider_are_added_and_its_own_query_kept()
    {
        var request = new AuthorizationRequest(
            new Uri("https://id.example/auth?tenant=a"),
            [("client_id", "actor sync"), ("scope", "openid")]
        );

        var query = HttpUtility.ParseQueryString(request.Page("s", "v", AuthorizationRequest.RedirectTo(1)).Query);

        (query["tenant"], query["client_id"], query["scope"], query["state"]).ShouldBe(("a", "actor sync", "openid", "s"));
    }

    // RFC 7636, appendix B.
    [Fact]
    public void The_challenge_is_that_of_the_standard() =>
        AuthorizationRequest
            .Challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
            .ShouldBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");

    public void Dispose() => _browser.Dispose();

    private static Task<AuthorizationCode> RunAsync(
        TaskCompletionSource<Uri> page,
        TimeSpan? timeout = null,
        CancellationToken cancellation = default
    ) =>
        LoopbackSignIn.RunAsync(
            Hub,
            (uri, _) =>
            {
                page.SetResult(uri);
                return Task.CompletedTask;
            },
            timeout ?? TimeSpan.FromMinutes(1),
            SyncPlatform.Real(),
            cancellation
        );

    private static (Uri Redirect, string State) Read(Uri page)
    {
        var query = HttpUtility.ParseQueryString(page.Query);
        return (new Uri(query["redirect_uri"]!), query["state"]!);
    }

    private static Task ReleasedAsync(int port)
    {
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().ShouldNotContain(end => end.Port == port);
        return Task.CompletedTask;
    }
}
