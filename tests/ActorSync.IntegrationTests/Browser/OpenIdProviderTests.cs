using System.Net;
using System.Text.Json;
using System.Web;
using ActorSync.Auth.Browser;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Browser;

/// <summary>Our side of a browser sign-in against a provider that follows the standards and that we did not write.</summary>
public sealed class OpenIdProviderTests
{
    [NeedsFact(Glewlwyd.Path)]
    [Trait("criterion", "A15")]
    public async Task A_provider_takes_our_request_and_gives_a_token_for_our_code_and_verifier_alone()
    {
        await using var provider = await Glewlwyd.StartAsync();
        using var browser = await BrowserAsync();
        var request = new AuthorizationRequest(
            provider.Authorize,
            [("client_id", Glewlwyd.Client), ("scope", "openid"), ("nonce", "n-0S6_WzA2Mj"), ("g_continue", "")]
        );

        var code = await LoopbackSignIn.RunAsync(request, VisitAsync, TimeSpan.FromMinutes(1), SyncPlatform.Real(), default);

        using var stolen = await ExchangeAsync(code with { Verifier = AuthorizationRequest.NewSecret(new SystemChance()) });
        stolen.StatusCode.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.Forbidden);
        using var answer = await ExchangeAsync(code);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var tokens = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        tokens.RootElement.GetProperty("access_token").GetString()!.Split('.').Length.ShouldBe(3);
        tokens.RootElement.GetProperty("refresh_token").GetString().ShouldNotBeNullOrEmpty();
        using var again = await ExchangeAsync(code);
        again.IsSuccessStatusCode.ShouldBeFalse("a code is good once");

        async Task<HttpClient> BrowserAsync()
        {
            // The client is known to the provider before its user allows it.
            await provider.RegisterAsync(new Uri("http://127.0.0.1/callback"));
            return await provider.SignedInBrowserAsync();
        }

        async Task VisitAsync(Uri page, CancellationToken cancellation)
        {
            await provider.ReturnToAsync(new Uri(HttpUtility.ParseQueryString(page.Query)["redirect_uri"]!));
            using var consented = await browser.GetAsync(page, cancellation);
            consented.StatusCode.ShouldBe(HttpStatusCode.Found);
            var back = consented.Headers.Location!;
            back.AbsolutePath.ShouldBe("/callback", back.AbsoluteUri);
            using var closed = await browser.GetAsync(back, cancellation);
            closed.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        Task<HttpResponseMessage> ExchangeAsync(AuthorizationCode given) =>
            browser.PostAsync(
                provider.Token,
                new FormUrlEncodedContent([
                    new("grant_type", "authorization_code"),
                    new("client_id", Glewlwyd.Client),
                    new("code", given.Code),
                    new("code_verifier", given.Verifier),
                    new("redirect_uri", given.Redirect.AbsoluteUri),
                ])
            );
    }
}
