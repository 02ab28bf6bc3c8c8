using System.Globalization;
using System.Text.Json;

namespace ActorSync.Wire;

/// <summary>How JSON from the network is read: 32 levels at most, no comments, no name twice.</summary>
internal static class WireJson
{
    public const int MaxDepth = 32;

    public static readonly JsonReaderOptions Reading = new() { MaxDepth = MaxDepth };

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8) => JsonDocument.Parse(utf8, Parsing);

    /// <summary>What the JSON readers throw for input that is not what it should be: also for a string that is no UTF-8, or a wrong kind of value.</summary>
    public static bool IsMalformed(Exception error) => error is JsonException or InvalidOperationException or FormatException;

    /// <summary>The string, or null when it is absent, null or empty.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    /// <summary>The integer, or null when it is absent, null, or no 64-bit integer.</summary>
    public static long? Whole(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : null;

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        element.Text(name) is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    /// <summary>64 hexadecimal digits.</summary>
    public static bool IsSha256(string text)
    {
        if (text.Length != 64)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }
}
