using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ActorSync.Auth.Browser;

/// <summary>What a request to our loopback port means. Whoever knows the port may send one; only the state makes it ours.</summary>
internal abstract record Callback
{
    private const int LongestCode = 2048;
    private const int LongestError = 64;

    private Callback() { }

    /// <summary>Not for us: wrong path, method, host or state, a parameter twice. Nothing ends because of it.</summary>
    public sealed record Stray(int Status) : Callback;

    public sealed record Granted(string Code) : Callback
    {
        public override string ToString() => "Granted(hidden)";
    }

    /// <param name="Error">As in RFC 6749 4.1.2.1, cleaned.</param>
    public sealed record Denied(string Error) : Callback;

    public static Callback Read(HttpRequest request, string state, int port)
    {
        if (request.Host.Value != $"127.0.0.1:{port}")
        {
            return new Stray(StatusCodes.Status400BadRequest);
        }

        if (request.Path != AuthorizationRequest.CallbackPath)
        {
            return new Stray(StatusCodes.Status404NotFound);
        }

        if (!HttpMethods.IsGet(request.Method))
        {
            return new Stray(StatusCodes.Status405MethodNotAllowed);
        }

        var query = request.Query;
        if (One(query["state"]) is not { } given || !IsSame(given, state))
        {
            return new Stray(StatusCodes.Status400BadRequest);
        }

        return (One(query["code"]), One(query["error"])) switch
        {
            ({ Length: > 0 and <= LongestCode } code, null) => new Granted(code),
            (null, { Length: > 0 } error) => new Denied(Clean(error)),
            _ => new Stray(StatusCodes.Status400BadRequest),
        };
    }

    private static string? One(StringValues values) => values.Count == 1 ? values[0] : null;

    private static bool IsSame(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));

    private static string Clean(string error) =>
        string.Concat(error.Take(LongestError).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '_'));
}
