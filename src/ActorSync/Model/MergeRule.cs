namespace ActorSync.Model;

/// <summary>What an operation writes, computed from the operation alone (PROTOCOL "Merge").</summary>
internal static class MergeRule
{
    /// <summary>The writes of one operation, in the order of its payload's keys; nothing is allocated unless a key has an escape.</summary>
    /// <param name="hasField">Tells the field <c>""</c> from no field.</param>
    /// <param name="payload">In canonical form; empty means null.</param>
    public static RegisterWrites Of(OperationKind kind, bool hasField, ReadOnlySpan<byte> field, ReadOnlySpan<byte> payload) =>
        new(kind, hasField, field, payload.IsEmpty ? "null"u8 : payload);
}

/// <summary>One write: the tombstone of the entity, or a register's value.</summary>
internal readonly ref struct RegisterWrite
{
    private RegisterWrite(bool isTombstone, ReadOnlySpan<byte> register, ReadOnlySpan<byte> value)
    {
        IsTombstone = isTombstone;
        Register = register;
        Value = value;
    }

    public static RegisterWrite Tombstone => new(true, default, default);

    /// <summary>The entity as a whole is deleted; there is no register and no value.</summary>
    public bool IsTombstone { get; }

    /// <summary>The register's name in UTF-8, without escapes; may be empty.</summary>
    public ReadOnlySpan<byte> Register { get; }

    /// <summary>Canonical JSON; <c>null</c> for a cleared register.</summary>
    public ReadOnlySpan<byte> Value { get; }

    public static RegisterWrite Of(ReadOnlySpan<byte> register, ReadOnlySpan<byte> value) => new(false, register, value);
}

/// <summary>Enumerates with <c>foreach</c>, once.</summary>
internal ref struct RegisterWrites
{
    private readonly ReadOnlySpan<byte> _field;
    private readonly ReadOnlySpan<byte> _payload;
    private Shape _shape;
    private int _at;

    public RegisterWrites(OperationKind kind, bool hasField, ReadOnlySpan<byte> field, ReadOnlySpan<byte> payload)
    {
        _field = field;
        _payload = payload;
        _shape = kind switch
        {
            OperationKind.Noop => Shape.Done,
            OperationKind.Delete => hasField ? Shape.Clear : Shape.Tombstone,
            _ when hasField || payload[0] != '{' => Shape.Whole,
            _ => Shape.Members,
        };
        _at = 1;
    }

    private enum Shape : byte
    {
        Done,
        Tombstone,
        Clear,
        Whole,
        Members,
    }

    public RegisterWrite Current { get; private set; }

    public readonly RegisterWrites GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_shape == Shape.Members)
        {
            return NextMember();
        }

        var shape = _shape;
        _shape = Shape.Done;
        switch (shape)
        {
            case Shape.Tombstone:
                Current = RegisterWrite.Tombstone;
                return true;
            case Shape.Clear:
                Current = RegisterWrite.Of(_field, "null"u8);
                return true;
            case Shape.Whole:
                Current = RegisterWrite.Of(_field, _payload);
                return true;
            default:
                return false;
        }
    }

    private bool NextMember()
    {
        if (_payload[_at] == '}')
        {
            return false;
        }

        if (_payload[_at] == ',')
        {
            _at++;
        }

        var keyEnd = EndOfString(_at);
        var key = _payload[(_at + 1)..(keyEnd - 1)];
        if (key.Contains((byte)'\\'))
        {
            var plain = new byte[key.Length];
            key = plain.AsSpan(0, CanonicalJson.Unescape(key, plain));
        }

        var valueAt = keyEnd + 1;
        _at = EndOfValue(valueAt);
        Current = RegisterWrite.Of(key, _payload[valueAt.._at]);
        return true;
    }

    private readonly int EndOfValue(int at)
    {
        switch (_payload[at])
        {
            case (byte)'"':
                return EndOfString(at);
            case (byte)'{' or (byte)'[':
                return EndOfContainer(at);
            default:
                return at + _payload[at..].IndexOfAny((byte)',', (byte)'}');
        }
    }

    private readonly int EndOfContainer(int at)
    {
        var depth = 0;
        while (true)
        {
            at += _payload[at..].IndexOfAny("\"{}[]"u8);
            switch (_payload[at])
            {
                case (byte)'"':
                    at = EndOfString(at);
                    continue;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                default:
                    depth--;
                    break;
            }

            at++;
            if (depth == 0)
            {
                return at;
            }
        }
    }

    private readonly int EndOfString(int at)
    {
        at++;
        while (true)
        {
            at += _payload[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (_payload[at] == '"')
            {
                return at + 1;
            }

            at += 2;
        }
    }
}
