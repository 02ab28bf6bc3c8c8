using System.Diagnostics.CodeAnalysis;

namespace ActorSync.Model;

/// <summary>The one spelling of a JSON value: what is compared, stored and digested.</summary>
/// <remarks>
/// Keys sorted by the bytes of their UTF-8, no blanks, raw UTF-8 but for <c>"</c>, <c>\</c> and controls below 0x20 (short escapes first, else
/// <c>\u00xx</c> in lower case), numbers exactly as written. A repeated key, half a surrogate pair, broken UTF-8 and more than
/// <see cref="OperationRules.MaxPayloadDepth"/> levels are refused.
/// </remarks>
internal static class CanonicalJson
{
    public static readonly ReadOnlyMemory<byte> Null = "null"u8.ToArray();

    /// <summary>Brings JSON into its canonical form. What is canonical already comes back as the same memory, without allocating.</summary>
    /// <param name="json">UTF-8; empty means null.</param>
    /// <param name="fault">A clause that names the byte, counted from 0.</param>
    public static bool TryNormalize(ReadOnlyMemory<byte> json, out ReadOnlyMemory<byte> canonical, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        if (json.IsEmpty)
        {
            canonical = Null;
            return true;
        }

        var scan = new JsonScan(json.Span);
        if (!scan.Document())
        {
            (canonical, fault) = (default, scan.Fault!);
            return false;
        }

        if (scan.IsCanonical)
        {
            canonical = json;
            return true;
        }

        var rewrite = new JsonRewrite(json.Span);
        if (rewrite.Document(out var bytes))
        {
            canonical = bytes;
            return true;
        }

        (canonical, fault) = (default, rewrite.Fault!);
        return false;
    }

    /// <summary>Orders two keys, in canonical spelling without their quotes, by the bytes they stand for.</summary>
    public static int CompareKeys(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (left[..same].Contains((byte)'\\') || left[same..].Contains((byte)'\\') || right[same..].Contains((byte)'\\'))
        {
            return CompareEscaped(left, right);
        }

        return left[same..].SequenceCompareTo(right[same..]);
    }

    /// <summary>What a string in canonical spelling, without its quotes, stands for.</summary>
    /// <param name="destination">At least as long as <paramref name="escaped"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> destination)
    {
        var written = 0;
        while (!escaped.IsEmpty)
        {
            destination[written++] = NextByte(ref escaped);
        }

        return written;
    }

    private static int CompareEscaped(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        while (!left.IsEmpty && !right.IsEmpty)
        {
            var order = NextByte(ref left) - NextByte(ref right);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static byte NextByte(ref ReadOnlySpan<byte> escaped)
    {
        var first = escaped[0];
        if (first != '\\')
        {
            escaped = escaped[1..];
            return first;
        }

        var kind = escaped[1];
        if (kind == 'u')
        {
            var value = (JsonScan.HexDigit(escaped[4]) << 4) | JsonScan.HexDigit(escaped[5]);
            escaped = escaped[6..];
            return (byte)value;
        }

        escaped = escaped[2..];
        return kind switch
        {
            (byte)'b' => 0x08,
            (byte)'t' => 0x09,
            (byte)'n' => 0x0A,
            (byte)'f' => 0x0C,
            (byte)'r' => 0x0D,
            _ => kind,
        };
    }
}
