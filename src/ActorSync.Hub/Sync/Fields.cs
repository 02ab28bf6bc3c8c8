using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ActorSync.Hub.Sync;

/// <summary>Single values off the wire, in UTF-8.</summary>
internal static class Fields
{
    public const int MaxDeviceBytes = 128;

    public static bool TryInteger(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out value);
    }

    /// <summary>The text without its escapes: a slice of the body, or a copy when it has escapes or there is no body to slice.</summary>
    public static bool TryText(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> text)
    {
        text = default;
        if (reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        if (!reader.ValueIsEscaped && !body.IsEmpty)
        {
            text = body.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            return Utf8.IsValid(text.Span);
        }

        try
        {
            var plain = new byte[reader.ValueSpan.Length];
            text = plain.AsMemory(0, reader.CopyString(plain));
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or broken UTF-8.
            return false;
        }
    }

    /// <summary>Null when it is neither empty, blank nor too long.</summary>
    public static string? Check(ReadOnlySpan<byte> text, int most) =>
        text.Length > most ? $"is {text.Length} bytes of UTF-8; at most {most}"
        : IsBlank(text) ? "is missing or blank"
        : null;

    private static bool IsBlank(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] is > 0x20 and < 0x7F)
            {
                return false;
            }

            Rune.DecodeFromUtf8(text, out var rune, out var used);
            if (!Rune.IsWhiteSpace(rune))
            {
                return false;
            }

            text = text[used..];
        }

        return true;
    }
}
