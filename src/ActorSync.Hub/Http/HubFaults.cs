using System.Collections.Immutable;
using System.Globalization;

namespace ActorSync.Hub.Http;

/// <summary>What a hub does wrong on purpose, for trying clients out. Given when it is started, by whoever starts it, and never by a request.</summary>
/// <param name="Rules">The first that matches a request and fires decides.</param>
/// <param name="Seed">Of the chance that rates are drawn from.</param>
internal sealed record HubFaults(ImmutableArray<FaultRule> Rules, int Seed)
{
    public static readonly HubFaults None = new([], 0);
}

/// <summary>One wrong thing, and when it happens.</summary>
/// <param name="Method">Null for every method.</param>
/// <param name="Path">Exact; with a <c>*</c> at its end, what begins so.</param>
/// <param name="Rate">From 0, exclusive, to 1.</param>
/// <param name="Delay">Before the request is looked at.</param>
internal sealed record FaultRule(string? Method, string Path, FaultKind Kind, int Status, string Code, double Rate, TimeSpan Delay)
{
    public const string Form = "[METHOD ]PATH=WHAT[@RATE%][+DELAY], WHAT one of STATUS, STATUS:CODE, STATUS:html, drop, lost, ok";
    private const int LeastStatus = 200;
    private const int MostStatus = 599;

    // The methods that the hub answers to; anything else before the blank is a slip.
    private static readonly ImmutableArray<string> Methods = ["GET", "POST", "PUT", "DELETE"];

    /// <summary>Reads <c>POST /v1/me/hangar=401:token_invalid</c> or <c>*=503@5%+250ms</c>.</summary>
    /// <exception cref="HubException"><c>hub_setting</c>.</exception>
    public static FaultRule Parse(string text)
    {
        var rule = text.Trim();
        var equals = rule.LastIndexOf('=');
        if (equals <= 0)
        {
            throw Wrong(text, "there is no PATH=WHAT in it");
        }

        var (method, path) = Target(text, rule[..equals].Trim());
        var what = Cut(rule[(equals + 1)..].Trim(), '+', out var delay);
        what = Cut(what, '@', out var rate);
        var (kind, status, code) = What(text, what);
        return new FaultRule(method, path, kind, status, code, RateOf(text, rate), DelayOf(text, delay));
    }

    public bool Matches(string method, string path) =>
        (Method is null || Method == method) && (Path.EndsWith('*') ? path.StartsWith(Path[..^1], StringComparison.Ordinal) : path == Path);

    private static (string? Method, string Path) Target(string text, string target)
    {
        var blank = target.IndexOf(' ');
        var method = blank < 0 ? null : target[..blank].ToUpperInvariant();
        var path = target[(blank + 1)..].Trim();
        if (method is not null && !Methods.Contains(method, StringComparer.Ordinal))
        {
            throw Wrong(text, $"'{method}' is none of {string.Join(", ", Methods)}");
        }

        return path == "*" || path.StartsWith('/') ? (method, path) : throw Wrong(text, $"'{path}' is no path; it begins with / or is *");
    }

    private static (FaultKind Kind, int Status, string Code) What(string text, string what)
    {
        switch (what)
        {
            case "ok":
                return (FaultKind.None, 0, "");
            case "drop":
                return (FaultKind.Drop, 0, "");
            case "lost":
                return (FaultKind.LoseAnswer, 0, "");
        }

        var number = Cut(what, ':', out var code);
        if (
            !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            || status is < LeastStatus or > MostStatus
        )
        {
            throw Wrong(text, $"'{what}' is no status from {LeastStatus} to {MostStatus}, drop, lost or ok");
        }

        return code == "html" ? (FaultKind.Html, status, "") : (FaultKind.Error, status, code ?? CodeOf(status));
    }

    private static string CodeOf(int status) =>
        status switch
        {
            400 => "invalid_request",
            401 => "token_invalid",
            403 => "account_restricted",
            404 => "not_found",
            408 => "timeout",
            410 => "resync_required",
            413 => "too_large",
            415 => "unsupported_encoding",
            429 => "throttled",
            503 => "unavailable",
            _ => "internal",
        };

    private static double RateOf(string text, string? rate)
    {
        if (rate is null)
        {
            return 1;
        }

        return
            rate.EndsWith('%')
            && double.TryParse(rate[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is > 0 and <= 100
            ? percent / 100
            : throw Wrong(text, $"'{rate}' is no rate above 0% and up to 100%");
    }

    private static TimeSpan DelayOf(string text, string? delay)
    {
        if (delay is null)
        {
            return TimeSpan.Zero;
        }

        var (digits, unit) =
            delay.EndsWith("ms", StringComparison.Ordinal) ? (delay[..^2], TimeSpan.FromMilliseconds(1))
            : delay.EndsWith('s') ? (delay[..^1], TimeSpan.FromSeconds(1))
            : ("", TimeSpan.Zero);
        return
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count * unit is var time
            && time <= TimeSpan.FromHours(1)
            ? time
            : throw Wrong(text, $"'{delay}' is no delay such as 250ms or 5s, up to an hour");
    }

    private static string Cut(string text, char at, out string? rest)
    {
        var cut = text.LastIndexOf(at);
        rest = cut < 0 ? null : text[(cut + 1)..].Trim();
        return cut < 0 ? text : text[..cut].Trim();
    }

    private static HubException Wrong(string text, string why) => new("hub_setting", $"fault '{text}': {why}", $"write it as {Form}");
}

internal enum FaultKind
{
    /// <summary>Only late.</summary>
    None,

    /// <summary>Our error envelope; nothing is done.</summary>
    Error,

    /// <summary>What a proxy or a captive portal would send; nothing is done.</summary>
    Html,

    /// <summary>The connection ends; nothing is done.</summary>
    Drop,

    /// <summary>All is done, and the connection ends before the answer.</summary>
    LoseAnswer,
}
