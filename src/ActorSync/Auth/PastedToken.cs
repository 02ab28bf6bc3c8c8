using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace ActorSync.Auth;

/// <summary>What a JWT says of itself. Its signature is the hub's business.</summary>
/// <param name="ExpiresAt">Null when it does not say.</param>
/// <param name="Subject">Null when it does not say.</param>
internal sealed record PastedToken(DateTimeOffset? ExpiresAt, string? Subject)
{
    private const int LongestToken = 16 << 10;
    private const int DeepestJson = 32;

    // The last second of the year 9999.
    private const long LastSecond = 253_402_300_799;

    /// <summary>Null unless it is three non-empty segments of base64url of which the first two are JSON objects.</summary>
    public static PastedToken? Parse(string token)
    {
        if (token.Length > LongestToken || token.Split('.') is not [var header, var payload, { Length: > 0 } signature])
        {
            return null;
        }

        if (Decode(signature) is null || Decode(header) is not { } head || Decode(payload) is not { } body)
        {
            return null;
        }

        using var headJson = ParseObject(head);
        using var bodyJson = ParseObject(body);
        return headJson is null || bodyJson is null
            ? null
            : new PastedToken(ReadEnd(bodyJson.RootElement), ReadSubject(bodyJson.RootElement));
    }

    private static byte[]? Decode(string segment)
    {
        if (!Base64Url.IsValid(segment) || segment.Contains('=', StringComparison.Ordinal) || segment.AsSpan().IndexOfAny(" \t\r\n") >= 0)
        {
            return null;
        }

        return Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(segment));
    }

    private static JsonDocument? ParseObject(byte[] json)
    {
        try
        {
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DeepestJson });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Seconds since 1970, possibly with a fraction (RFC 7519).
    private static DateTimeOffset? ReadEnd(JsonElement payload) =>
        payload.TryGetProperty("exp", out var end) && end.ValueKind == JsonValueKind.Number && end.TryGetDouble(out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds((long)Math.Clamp(seconds, 0, LastSecond))
            : null;

    private static string? ReadSubject(JsonElement payload) =>
        payload.TryGetProperty("sub", out var subject) && subject.ValueKind == JsonValueKind.String ? subject.GetString() : null;
}
