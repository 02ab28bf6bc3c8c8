using System.Buffers;
using System.Text;

namespace ActorSync.Model;

/// <summary>Reads JSON once, without allocating: is it well formed within our bounds, and is it canonical already?</summary>
internal ref struct JsonScan(ReadOnlySpan<byte> json)
{
    // Everything that ends a run of plain characters inside a string.
    private static readonly SearchValues<byte> NotPlain = SearchValues.Create([
        .. Enumerable.Range(0, 256).Where(b => b < 0x20 || b is '"' or '\\' || b >= 0x80).Select(b => (byte)b),
    ]);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;

    /// <summary>True until something is met that the canonical form spells otherwise.</summary>
    public bool IsCanonical { get; private set; } = true;

    public string? Fault { get; private set; }

    public bool Document()
    {
        SkipBlanks();
        if (!Value(0))
        {
            return false;
        }

        SkipBlanks();
        return _at == _json.Length || Refuse("is not JSON: something follows the value", _at);
    }

    public static int HexDigit(byte digit) =>
        digit switch
        {
            >= (byte)'0' and <= (byte)'9' => digit - '0',
            >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
            _ => -1,
        };

    private readonly bool Is(char expected) => _at < _json.Length && _json[_at] == expected;

    private bool Refuse(string what, int at)
    {
        Fault ??= $"{what} at byte {at}";
        return false;
    }

    private bool Unexpected() =>
        _at < _json.Length
            ? Refuse($"is not JSON: unexpected 0x{_json[_at]:x2}", _at)
            : Refuse("is not JSON: it ends too early,", _json.Length);

    private void SkipBlanks()
    {
        while (_at < _json.Length && _json[_at] is 0x20 or 0x09 or 0x0A or 0x0D)
        {
            IsCanonical = false;
            _at++;
        }
    }

    private bool Value(int depth)
    {
        if (_at >= _json.Length)
        {
            return Unexpected();
        }

        return _json[_at] switch
        {
            (byte)'"' => Text(),
            (byte)'{' => Object(depth + 1),
            (byte)'[' => Array(depth + 1),
            (byte)'t' => Literal("true"u8),
            (byte)'f' => Literal("false"u8),
            (byte)'n' => Literal("null"u8),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => Number(),
            _ => Unexpected(),
        };
    }

    private bool Object(int depth)
    {
        if (depth > OperationRules.MaxPayloadDepth)
        {
            return Refuse($"nests deeper than {OperationRules.MaxPayloadDepth} levels", _at);
        }

        _at++;
        SkipBlanks();
        if (Is('}'))
        {
            _at++;
            return true;
        }

        var previous = ReadOnlySpan<byte>.Empty;
        var first = true;
        while (true)
        {
            var keyAt = _at;
            if (!Is('"'))
            {
                return Unexpected();
            }

            if (!Text())
            {
                return false;
            }

            var key = _json[(keyAt + 1)..(_at - 1)];
            if (!first && IsCanonical)
            {
                var order = CanonicalJson.CompareKeys(previous, key);
                if (order == 0)
                {
                    return Refuse("repeats a key", keyAt);
                }

                IsCanonical = order < 0;
            }

            previous = key;
            first = false;
            SkipBlanks();
            if (!Is(':'))
            {
                return Unexpected();
            }

            _at++;
            SkipBlanks();
            if (!Value(depth))
            {
                return false;
            }

            SkipBlanks();
            if (Is('}'))
            {
                _at++;
                return true;
            }

            if (!Is(','))
            {
                return Unexpected();
            }

            _at++;
            SkipBlanks();
        }
    }

    private bool Array(int depth)
    {
        if (depth > OperationRules.MaxPayloadDepth)
        {
            return Refuse($"nests deeper than {OperationRules.MaxPayloadDepth} levels", _at);
        }

        _at++;
        SkipBlanks();
        if (Is(']'))
        {
            _at++;
            return true;
        }

        while (true)
        {
            if (!Value(depth))
            {
                return false;
            }

            SkipBlanks();
            if (Is(']'))
            {
                _at++;
                return true;
            }

            if (!Is(','))
            {
                return Unexpected();
            }

            _at++;
            SkipBlanks();
        }
    }

    private bool Literal(ReadOnlySpan<byte> word)
    {
        if (!_json[_at..].StartsWith(word))
        {
            return Unexpected();
        }

        _at += word.Length;
        return true;
    }

    private bool Number()
    {
        if (Is('-'))
        {
            _at++;
        }

        if (Is('0'))
        {
            _at++;
        }
        else if (!Digits())
        {
            return Unexpected();
        }

        if (Is('.'))
        {
            _at++;
            if (!Digits())
            {
                return Unexpected();
            }
        }

        if (Is('e') || Is('E'))
        {
            _at++;
            if (Is('+') || Is('-'))
            {
                _at++;
            }

            return Digits() || Unexpected();
        }

        return true;
    }

    private bool Digits()
    {
        var start = _at;
        while (_at < _json.Length && _json[_at] is >= (byte)'0' and <= (byte)'9')
        {
            _at++;
        }

        return _at > start;
    }

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
