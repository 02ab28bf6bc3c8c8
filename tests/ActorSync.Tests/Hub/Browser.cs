using System.Collections.Specialized;
using System.Net;
using System.Text.RegularExpressions;
using Shouldly;

namespace ActorSync.Tests.Hub;

/// <summary>As much of a browser as a form needs: a page, its hidden field, a cookie.</summary>
internal sealed partial class Browser(HubWorld world) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = world.Hub.Addresses[0],
        Timeout = TimeSpan.FromSeconds(30),
    };
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    public string Page { get; private set; } = "";

    public string? Ticket { get; private set; }

    public string? Cookie { get; private set; }

    public string? Header(string name) => _headers.GetValueOrDefault(name);

    public async Task<HttpStatusCode> OpenAsync(NameValueCollection query)
    {
        using var answer = await _http.GetAsync($"/authorize?{query}");
        await TakeAsync(answer);
        if (Header("Set-Cookie") is { } cookie)
        {
            Cookie = cookie.Split(';')[0];
        }

        Ticket = TicketField().Match(Page) is { Success: true } match ? WebUtility.HtmlDecode(match.Groups["ticket"].Value) : null;
        return answer.StatusCode;
    }

    public Task<HttpStatusCode> SubmitAsync(string code) => SubmitAsync(code, Ticket.ShouldNotBeNull(), Cookie);

    public async Task<HttpStatusCode> SubmitAsync(string code, string ticket, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/authorize")
        {
            Content = new FormUrlEncodedContent([new("ticket", ticket), new("code", code)]),
        };
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var answer = await _http.SendAsync(request);
        await TakeAsync(answer);
        return answer.StatusCode;
    }

    public void Dispose() => _http.Dispose();

    private async Task TakeAsync(HttpResponseMessage answer)
    {
        _headers.Clear();
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            _headers[name] = values.ToString();
        }

        Page = await answer.Content.ReadAsStringAsync();
    }

    [GeneratedRegex("name=\"ticket\" value=\"(?<ticket>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex TicketField();
}
