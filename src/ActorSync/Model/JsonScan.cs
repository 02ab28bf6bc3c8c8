namespace ActorSync.Model;

/// <summary>Reads JSON once, without allocating: is it well formed within our bounds, and is it canonical already?</summary>
internal ref partial struct JsonScan(ReadOnlySpan<byte> json)
{
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
        if (!Enter(depth, '}', out var isOver))
        {
            return false;
        }

        var previous = ReadOnlySpan<byte>.Empty;
        var first = true;
        while (!isOver)
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
            if (!Value(depth) || !Next('}', out isOver))
            {
                return false;
            }
        }

        return true;
    }

    private bool Array(int depth)
    {
        if (!Enter(depth, ']', out var isOver))
        {
            return false;
        }

        while (!isOver)
        {
            if (!Value(depth) || !Next(']', out isOver))
            {
                return false;
            }
        }

        return true;
    }

    private bool Enter(int depth, char close, out bool isOver)
    {
        isOver = false;
        if (depth > OperationRules.MaxPayloadDepth)
        {
            return Refuse($"nests deeper than {OperationRules.MaxPayloadDepth} levels", _at);
        }

        _at++;
        SkipBlanks();
        if (Is(close))
        {
            _at++;
            isOver = true;
        }

        return true;
    }

    private bool Next(char close, out bool isOver)
    {
        SkipBlanks();
        isOver = Is(close);
        if (isOver)
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
        return true;
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
}
