using System.Buffers;
using System.Text;

namespace ActorSync.Model;

/// <summary>Strings and their escapes.</summary>
internal ref partial struct JsonScan
{
    // Everything that ends a run of plain characters inside a string.
    private static readonly SearchValues<byte> NotPlain = SearchValues.Create([
        .. Enumerable.Range(0, 256).Where(b => b < 0x20 || b is '"' or '\\' || b >= 0x80).Select(b => (byte)b),
    ]);

    private bool Text()
    {
        var opened = _at;
        var at = _at + 1;
        while (true)
        {
            var run = _json[at..].IndexOfAny(NotPlain);
            if (run < 0)
            {
                return Refuse("is not JSON: a string does not end; it begins", opened);
            }

            at += run;
            switch (_json[at])
            {
                case (byte)'"':
                    _at = at + 1;
                    return true;
                case (byte)'\\':
                    if (!Escape(ref at))
                    {
                        return false;
                    }

                    break;
                case < 0x20:
                    return Refuse("is not JSON: a control character stands unescaped in a string", at);
                default:
                    do
                    {
                        if (Rune.DecodeFromUtf8(_json[at..], out _, out var used) != OperationStatus.Done)
                        {
                            return Refuse("is no UTF-8", at);
                        }

                        at += used;
                    } while (at < _json.Length && _json[at] >= 0x80);
                    break;
            }
        }
    }

    private bool Escape(ref int at)
    {
        switch (at + 1 < _json.Length ? _json[at + 1] : (byte)0)
        {
            case (byte)'"' or (byte)'\\' or (byte)'b' or (byte)'t' or (byte)'n' or (byte)'f' or (byte)'r':
                at += 2;
                return true;
            case (byte)'/':
                IsCanonical = false;
                at += 2;
                return true;
            case (byte)'u':
                return UnicodeEscape(ref at);
            default:
                return Refuse("is not JSON: unknown escape", at);
        }
    }

    private bool UnicodeEscape(ref int at)
    {
        var value = HexAt(at);
        if (value < 0)
        {
            return Refuse("is not JSON: \\u wants four hex digits", at);
        }

        if (value is >= 0xD800 and <= 0xDFFF)
        {
            if (value >= 0xDC00 || HexAt(at + 6) is < 0xDC00 or > 0xDFFF)
            {
                return Refuse("has half of a surrogate pair", at);
            }

            IsCanonical = false;
            at += 12;
            return true;
        }

        // The only spelling of a control that has no short form; its last digit in lower case.
        IsCanonical &=
            value < 0x20 && value is not (0x08 or 0x09 or 0x0A or 0x0C or 0x0D) && _json[at + 5] is not (>= (byte)'A' and <= (byte)'F');
        at += 6;
        return true;
    }

    private readonly int HexAt(int at)
    {
        if (at + 6 > _json.Length || _json[at] != '\\' || _json[at + 1] != 'u')
        {
            return -1;
        }

        var value = 0;
        for (var i = 2; i < 6; i++)
        {
            var digit = HexDigit(_json[at + i]);
            if (digit < 0)
            {
                return -1;
            }

            value = (value << 4) | digit;
        }

        return value;
    }
}
