using System.Net.Http.Headers;
using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>Turns an HTTP response into a reply: read whole, bounded, and believed only when it can be the hub's.</summary>
internal static class HubAnswerReader
{
    public static async ValueTask<HubReply> ReadAsync(HubCall call, HttpResponseMessage response, HubDeadline deadline, TimeProvider time)
    {
        if (await HubBody.ReadAsync(response.Content, call.MaxAnswerBytes, deadline).ConfigureAwait(false) is not { } body)
        {
            return TooLarge(call);
        }

        var encodings = response.Content.Headers.ContentEncoding;
        if (encodings.Count > 0 && body.Bytes.Length > 0)
        {
            if (encodings.Count > 1 || !IsNamed(encodings, "gzip"))
            {
                return IsNamed(encodings, "identity")
                    ? Judge(call, response, body, time)
                    : new HubReply.Failed(Failures.Make("answer_encoding", string.Join(", ", encodings)));
            }

            if (body.Gunzip(call.MaxAnswerBytes) is not { } unpacked)
            {
                return TooLarge(call);
            }

            body.Lease?.Return();
            body = unpacked;
        }

        return Judge(call, response, body, time);
    }

    private static HubReply Judge(HubCall call, HttpResponseMessage response, in HubBody body, TimeProvider time)
    {
        var status = (int)response.StatusCode;
        var isJson = IsJson(response.Content.Headers.ContentType);
        if (status is >= 200 and < 300 && (isJson || body.Bytes.IsEmpty))
        {
            return new HubReply.Answered(status, body.Bytes, isJson, null, null, null) { Lease = body.Lease };
        }

        var now = time.GetUtcNow();
        var theirs = response.Headers.Date;
        var envelope = isJson && status >= 400 ? HubEnvelope.TryRead(body.Bytes) : null;
        var facts = new AnswerFacts(
            status,
            isJson,
            AnswerClassifier.LooksLikeHtml(body.Bytes.Span),
            envelope?.Error,
            envelope?.Message,
            HubHeaders.RetryAfter(Single(response.Headers, "Retry-After"), theirs ?? now),
            Via: response.Headers.Contains("Via") || response.Headers.Contains("Proxy-Authenticate"),
            call.Hub,
            Absolute(call.Hub, response.Headers.Location),
            theirs - now
        );
        return IsBelievable(facts)
            ? new HubReply.Answered(status, body.Bytes, isJson, facts.Error, facts.Message, facts.RetryAfter, facts.Skew)
            : new HubReply.Failed(AnswerClassifier.Classify(facts));
    }

    // A foreign error still says something of a request (400, 413, 5xx). It says nothing of a credential, and a foreign success nothing at all.
    private static bool IsBelievable(in AnswerFacts facts) =>
        facts.Status >= 400 && (facts.Error is not null || facts.Status is not (401 or 403 or 407 or 511));

    public static bool IsJson(MediaTypeHeaderValue? type) =>
        type is not null && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase);

    private static bool IsNamed(ICollection<string> encodings, string name) =>
        encodings.All(one => one.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string? Single(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) && values.Count == 1 ? values.ToString() : null;

    private static Uri? Absolute(Uri hub, Uri? location) =>
        location is null ? null
        : location.IsAbsoluteUri ? location
        : Uri.TryCreate(hub, location, out var target) ? target
        : null;

    private static HubReply.Failed TooLarge(HubCall call) =>
        new(Failures.Make("answer_too_large", $"more than {call.MaxAnswerBytes} bytes from {call.Path.Split('?')[0]}"));
}
