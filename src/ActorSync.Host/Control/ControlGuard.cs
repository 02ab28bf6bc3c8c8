using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ActorSync.Host.Control;

/// <summary>Decides whether a request over the network may be answered. Loopback is no fence: every page in a browser of this machine can send to it.</summary>
/// <param name="authorities">What the Host header may be, so that a name that was rebound to this machine is refused.</param>
/// <param name="origins">Pages that may ask: the host's own.</param>
internal sealed class ControlGuard(IReadOnlySet<string> authorities, IReadOnlySet<string> origins, string token, TimeProvider time)
{
    // A right token asks as often as an import needs to; a wrong one is not guessed at speed.
    private readonly Bucket _asked = new(time, perSecond: 500, burst: 1_000);
    private readonly Bucket _wrong = new(time, perSecond: 1, burst: 20);
    private readonly byte[] _token = Encoding.UTF8.GetBytes(token);

    /// <summary>Null when it may.</summary>
    public Refusal? Judge(HttpRequest request)
    {
        var headers = request.Headers;
        if (!HttpMethods.IsPost(request.Method))
        {
            return new(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "every call is a POST");
        }

        if (!authorities.Contains(request.Host.Value ?? ""))
        {
            return new(StatusCodes.Status421MisdirectedRequest, "wrong_host", "this host is not called so");
        }

        if (headers.Origin.Count > 0 && (headers.Origin.Count > 1 || !origins.Contains(headers.Origin[0] ?? "")))
        {
            return new(StatusCodes.Status403Forbidden, "foreign_origin", "a page of another origin may not ask");
        }

        if (headers["Sec-Fetch-Site"] is { Count: > 0 } site && site.Any(static where => where is not ("same-origin" or "none")))
        {
            return new(StatusCodes.Status403Forbidden, "foreign_origin", "a page of another site may not ask");
        }

        if (headers.Upgrade.Count > 0 || headers.ContainsKey(HeaderNames.SecWebSocketKey))
        {
            return new(StatusCodes.Status403Forbidden, "no_upgrade", "there is nothing to upgrade to");
        }

        // One way to say how long a body is, so that no one on the way can read it otherwise.
        if (headers.TransferEncoding.Count > 0 || request.ContentLength is null)
        {
            return new(StatusCodes.Status411LengthRequired, "length_required", "send Content-Length and nothing else");
        }

        if (request.QueryString.HasValue)
        {
            return new(StatusCodes.Status400BadRequest, "no_query", "a question stands in the body; addresses end up in logs");
        }

        if (!IsRight(headers.Authorization))
        {
            return _wrong.Take()
                ? new(StatusCodes.Status401Unauthorized, "control_token", "the control token is missing or wrong")
                : new(StatusCodes.Status429TooManyRequests, "throttled", "too many wrong tokens");
        }

        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        )
        {
            return new(StatusCodes.Status415UnsupportedMediaType, "json_only", "send application/json");
        }

        return _asked.Take() ? null : new(StatusCodes.Status429TooManyRequests, "throttled", "too many calls");
    }

    private bool IsRight(Microsoft.Extensions.Primitives.StringValues authorization)
    {
        const string scheme = "Bearer ";
        return authorization is [{ } one]
            && one.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one[scheme.Length..]), _token);
    }

    /// <summary>So many at once, and so many a second after that.</summary>
    private sealed class Bucket(TimeProvider time, double perSecond, double burst)
    {
        private readonly Lock _gate = new();
        private double _taken;
        private long _at;

        public bool Take()
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                _taken = Math.Max(0, _taken - (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
                _at = now;
                if (_taken > burst - 1)
                {
                    return false;
                }

                _taken++;
                return true;
            }
        }
    }
}

/// <summary>Why a request is not answered.</summary>
internal sealed record Refusal(int Status, string Code, string Message);
