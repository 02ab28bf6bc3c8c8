using System.Buffers;
using System.Text;

namespace ActorSync.Model;

/// <summary>Writes JSON that <see cref="JsonScan"/> has found well formed in its canonical spelling. Finds the keys that are repeated.</summary>
internal ref struct JsonRewrite(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> _json = json;

    // The canonical spelling is never the longer one.
    private readonly byte[] _out = new byte[json.Length];
    private readonly List<Member> _members = [];
    private int _at;
    private int _length;

    public string? Fault { get; private set; }

    public bool Document(out ReadOnlyMemory<byte> canonical)
    {
        canonical = default;
        SkipBlanks();
        if (!Value())
        {
            return false;
        }

        canonical = _out.AsMemory(0, _length);
        return true;
    }

    private void SkipBlanks()
    {
        while (_at < _json.Length && _json[_at] is 0x20 or 0x09 or 0x0A or 0x0D)
        {
            _at++;
        }
    }

    private void Copy() => _out[_length++] = _json[_at++];

    private bool Value()
    {
        switch (_json[_at])
        {
            case (byte)'"':
                Text();
                return true;
            case (byte)'{':
                return Object();
            case (byte)'[':
                return Array();
            default:
                while (_at < _json.Length && _json[_at] is not ((byte)',' or (byte)']' or (byte)'}' or 0x20 or 0x09 or 0x0A or 0x0D))
                {
                    Copy();
                }

                return true;
        }
    }

    private bool Array()
    {
        Copy();
        SkipBlanks();
        while (_json[_at] != ']')
        {
            if (!Value())
            {
                return false;
            }

            SkipBlanks();
            if (_json[_at] == ',')
            {
                Copy();
                SkipBlanks();
            }
        }

        Copy();
        return true;
    }

    private bool Object()
    {
        Copy();
        SkipBlanks();
        var outer = _members.Count;
        var start = _length;
        while (_json[_at] != '}')
        {
            var keyAt = _at;
            var memberAt = _length;
            Text();
            var keyLength = _length - memberAt;
            SkipBlanks();
            Copy();
            SkipBlanks();
            if (!Value())
            {
                return false;
            }

            _members.Add(new Member(keyAt, memberAt, keyLength, _length - memberAt));
            SkipBlanks();
            if (_json[_at] == ',')
            {
                Copy();
                SkipBlanks();
            }
        }

        var whole = Sort(outer, start);
        _members.RemoveRange(outer, _members.Count - outer);
        Copy();
        return whole;
    }

    /// <summary>Puts the members from <paramref name="first"/> on, which fill the output from <paramref name="start"/>, into order.</summary>
    private bool Sort(int first, int start)
    {
        var count = _members.Count - first;
        if (count < 2)
        {
            return true;
        }

        _members.Sort(first, count, new ByKey(_out));
        for (var i = first + 1; i < _members.Count; i++)
        {
            if (ByKey.Compare(_out, _members[i - 1], _members[i]) == 0)
            {
                Fault = $"repeats a key at byte {Math.Max(_members[i - 1].KeyAt, _members[i].KeyAt)}";
                return false;
            }
        }

        var length = _length - start;
        var unsorted = ArrayPool<byte>.Shared.Rent(length);
        _out.AsSpan(start, length).CopyTo(unsorted);
        var at = start;
        for (var i = first; i < _members.Count; i++)
        {
            if (i > first)
            {
                _out[at++] = (byte)',';
            }

            var member = _members[i];
            unsorted.AsSpan(member.At - start, member.Length).CopyTo(_out.AsSpan(at));
            at += member.Length;
        }

        ArrayPool<byte>.Shared.Return(unsorted);
        return true;
    }

    private void Text()
    {
        Copy();
        while (_json[_at] != '"')
        {
            if (_json[_at] == '\\')
            {
                Escape();
            }
            else
            {
                Copy();
            }
        }

        Copy();
    }

    private void Escape()
    {
        switch (_json[_at + 1])
        {
            case (byte)'/':
                _at++;
                Copy();
                break;
            case (byte)'u':
                Unicode();
                break;
            default:
                Copy();
                Copy();
                break;
        }
    }

    private void Unicode()
    {
        var value = HexAt(_at);
        _at += 6;
        if (char.IsHighSurrogate((char)value))
        {
            value = char.ConvertToUtf32((char)value, (char)HexAt(_at));
            _at += 6;
        }

        var shortForm = value switch
        {
            '"' => '"',
            '\\' => '\\',
            0x08 => 'b',
            0x09 => 't',
            0x0A => 'n',
            0x0C => 'f',
            0x0D => 'r',
            _ => '\0',
        };
        if (shortForm != '\0')
        {
            _out[_length++] = (byte)'\\';
            _out[_length++] = (byte)shortForm;
        }
        else if (value < 0x20)
        {
            "\\u00"u8.CopyTo(_out.AsSpan(_length));
            _out[_length + 4] = "0123456789abcdef"u8[value >> 4];
            _out[_length + 5] = "0123456789abcdef"u8[value & 0xF];
            _length += 6;
        }
        else
        {
            _length += new Rune(value).EncodeToUtf8(_out.AsSpan(_length));
        }
    }

    private readonly int HexAt(int at) =>
        (JsonScan.HexDigit(_json[at + 2]) << 12)
        | (JsonScan.HexDigit(_json[at + 3]) << 8)
        | (JsonScan.HexDigit(_json[at + 4]) << 4)
        | JsonScan.HexDigit(_json[at + 5]);

    /// <param name="KeyAt">Where the key stands in the input; the rest is about the output.</param>
    private readonly record struct Member(int KeyAt, int At, int KeyLength, int Length);

    private sealed class ByKey(byte[] text) : IComparer<Member>
    {
        public int Compare(Member x, Member y) => Compare(text, x, y);

        public static int Compare(byte[] text, Member x, Member y) =>
            CanonicalJson.CompareKeys(text.AsSpan(x.At + 1, x.KeyLength - 2), text.AsSpan(y.At + 1, y.KeyLength - 2));
    }
}
