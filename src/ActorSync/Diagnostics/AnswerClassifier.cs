using ActorSync.Wire;
using static ActorSync.Diagnostics.ErrorClass;

namespace ActorSync.Diagnostics;

/// <summary>What of an HTTP answer decides its class.</summary>
/// <param name="Error">The <c>error</c> code of our envelope, or null.</param>
/// <param name="Via">A proxy says in a header that it handed the answer on, or made it.</param>
/// <param name="Location">Where a redirect leads, made absolute.</param>
/// <param name="Skew">The hub's clock minus ours, when it said its time.</param>
internal readonly record struct AnswerFacts(
    int Status,
    bool IsJson,
    bool IsHtml,
    string? Error = null,
    string? Message = null,
    TimeSpan? RetryAfter = null,
    bool Via = false,
    Uri? Hub = null,
    Uri? Location = null,
    TimeSpan? Skew = null
);

/// <summary>Classifies answers that are no success. AuthInvalid needs 401, our envelope and a code that the protocol defines.</summary>
internal static class AnswerClassifier
{
    /// <summary>A clock further off than this makes a verdict about time worthless.</summary>
    public static readonly TimeSpan TolerableSkew = TimeSpan.FromMinutes(5);

    public static HubFailure Classify(HubReply.Answered answer) =>
        Classify(
            new AnswerFacts(
                answer.Status,
                answer.IsJson,
                LooksLikeHtml(answer.Body.Span),
                answer.Error,
                answer.Message,
                answer.RetryAfter,
                Skew: answer.Skew
            )
        );

    public static HubFailure Classify(in AnswerFacts answer) =>
        answer switch
        {
            { Status: 401 or 403 } => ClassifyRefusal(answer),
            { Status: 407 } => Failures.Make("proxy_auth", retryAfter: answer.RetryAfter),
            { Status: 511 } => Failures.Make("captive_portal", "HTTP 511", answer.RetryAfter),
            { Status: >= 300 and < 400 } => ClassifyRedirect(answer),
            { Status: >= 200 and < 300, IsJson: true } => Failures.Make("unexpected_answer", $"HTTP {answer.Status}"),
            { Status: >= 200 and < 300, IsHtml: true } => Failures.Make("captive_portal", $"HTTP {answer.Status} with a page"),
            { Status: >= 200 and < 300 } => Failures.Make("not_json", $"HTTP {answer.Status}"),
            { Status: 429 } => Said(answer, Throttled, "the hub asks us to slow down"),
            { Status: 503, Error: HubCodes.Throttled } => Said(answer, Throttled, "the hub asks us to slow down"),
            { Status: 408 or 425 or >= 500 } => Said(answer, TransientServer, "the hub cannot answer now"),
            { Status: 404 or 405, Error: null } => Said(answer, Protocol, "no hub answers at this address"),
            _ => Said(answer, Protocol, "the hub refused the request"),
        };

    /// <summary>The first visible character is that of a tag.</summary>
    public static bool LooksLikeHtml(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        var text = body.StartsWith(mark) ? body[mark.Length..] : body;
        return text.TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
    }

    private static HubFailure ClassifyRefusal(in AnswerFacts answer)
    {
        var said = Say(answer.Error, answer.Message);
        if (HubCodes.IsInvalidCredential(answer.Status, answer.Error))
        {
            return HubCodes.DependsOnTime(answer.Error) && answer.Skew is { } skew && skew.Duration() > TolerableSkew
                ? Failures.Make("clock_skew", $"by {skew.Duration():c}; the hub says {said}")
                : new HubFailure(AuthInvalid, answer.Error!, $"the hub refused the credential: {said}", "pair this device again", null);
        }

        if (HubCodes.IsForbidden(answer.Status, answer.Error))
        {
            return new HubFailure(
                AuthForbidden,
                answer.Error!,
                $"the hub refused the account or the device: {said}",
                RemedyFor(answer.Error!),
                null
            );
        }

        if (answer.Error is not null)
        {
            return Failures.Make("foreign_refusal", $"HTTP {answer.Status} {said}", answer.RetryAfter);
        }

        return (answer.IsHtml, answer.Via) switch
        {
            (_, true) => Failures.Make("proxy_refused", $"HTTP {answer.Status}", answer.RetryAfter),
            (true, false) => Failures.Make("captive_portal", $"HTTP {answer.Status} with a page", answer.RetryAfter),
            _ => Failures.Make("foreign_refusal", $"HTTP {answer.Status} without our error envelope", answer.RetryAfter),
        };
    }

    // A portal sends us somewhere else for now; a hub that has moved says so for good, or stays on its host.
    private static HubFailure ClassifyRedirect(in AnswerFacts answer)
    {
        if (answer.Location is not { } target)
        {
            return answer.IsHtml
                ? Failures.Make("captive_portal", $"HTTP {answer.Status} with a page")
                : Failures.Make("redirect", $"HTTP {answer.Status} without an address");
        }

        // Only the origin is told: what follows it may hold a secret of somebody's.
        var origin = target.IsAbsoluteUri ? target.GetLeftPart(UriPartial.Authority) : "?";
        var elsewhere = answer.Hub is { } hub && !string.Equals(hub.Host, target.Host, StringComparison.OrdinalIgnoreCase);
        return elsewhere && answer.Status is 302 or 303 or 307
            ? Failures.Make("redirected_elsewhere", $"HTTP {answer.Status} to {origin}")
            : Failures.Make("redirect", $"HTTP {answer.Status} to {origin}");
    }

    private static HubFailure Said(in AnswerFacts answer, ErrorClass kind, string what)
    {
        var said = Say(answer.Error, answer.Message);
        var page = answer.IsHtml ? ", with a web page" : "";
        var message = said.Length == 0 ? $"{what} (HTTP {answer.Status}{page})" : $"{what} (HTTP {answer.Status}): {said}";
        var remedy =
            kind == Protocol
                ? "check the hub's address, and that this version speaks the hub's protocol"
                : "nothing: it is tried again by itself";
        return new HubFailure(kind, $"http_{answer.Status}", message, remedy, answer.RetryAfter);
    }

    private static string Say(string? error, string? message) =>
        (RemoteText.Clean(error, 64), RemoteText.Clean(message)) switch
        {
            ("", var text) => text,
            (var code, "") => code,
            var (code, text) => $"{code}, {text}",
        };

    private static string RemedyFor(string code) =>
        code switch
        {
            HubCodes.SyncDisabled => "nothing: the pairing is kept, and sending goes on when sync is enabled again",
            HubCodes.DeviceMismatch => "pair this device again; its credential belongs to another device",
            _ => "ask whoever runs the hub about the account; the pairing and the queue are kept",
        };
}
