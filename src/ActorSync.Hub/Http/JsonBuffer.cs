using System.Buffers;
using System.Buffers.Text;

namespace ActorSync.Hub.Http;

/// <summary>A pooled buffer that JSON is written to, or a body is read into. Growing is all it does by itself.</summary>
internal sealed class JsonBuffer(int capacity = 1024) : IBufferWriter<byte>, IDisposable
{
    // What a string of our canonical JSON may not hold as it is.
    private static readonly SearchValues<byte> Special = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(b => (byte)b),
        (byte)'"',
        (byte)'\\',
    ]);

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public JsonBuffer Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
        return this;
    }

    public JsonBuffer Number(long value)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(Length), out var written);
        Length += written;
        return this;
    }

    /// <summary>In quotes, 36 characters.</summary>
    public JsonBuffer Quoted(Guid value)
    {
        Reserve(38);
        _bytes[Length] = (byte)'"';
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(Length + 1), out var written);
        _bytes[Length + 1 + written] = (byte)'"';
        Length += written + 2;
        return this;
    }

    /// <summary>In quotes, lower-case hex.</summary>
    public JsonBuffer QuotedHex(ReadOnlySpan<byte> bytes)
    {
        Reserve((2 * bytes.Length) + 2);
        _bytes[Length] = (byte)'"';
        Convert.TryToHexStringLower(bytes, _bytes.AsSpan(Length + 1), out var written);
        _bytes[Length + 1 + written] = (byte)'"';
        Length += written + 2;
        return this;
    }

    /// <summary>A UTF-8 text in quotes, escaped where JSON asks for it.</summary>
    public JsonBuffer Quoted(ReadOnlySpan<byte> text)
    {
        Raw("\""u8);
        while (true)
        {
            var plain = text.IndexOfAny(Special);
            if (plain < 0)
            {
                return Raw(text).Raw("\""u8);
            }

            Raw(text[..plain]);
            Escape(text[plain]);
            text = text[(plain + 1)..];
        }
    }

    public void Dispose()
    {
        var bytes = Interlocked.Exchange(ref _bytes, []);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Escape(byte special)
    {
        switch (special)
        {
            case (byte)'"':
                Raw("\\\""u8);
                break;
            case (byte)'\\':
                Raw("\\\\"u8);
                break;
            default:
                Raw("\\u00"u8).Raw("0123456789abcdef"u8.Slice(special >> 4, 1)).Raw("0123456789abcdef"u8.Slice(special & 0xF, 1));
                break;
        }
    }

    private void Reserve(int bytes)
    {
        if (_bytes.Length - Length >= bytes)
        {
            return;
        }

        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + bytes));
        _bytes.AsSpan(0, Length).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = grown;
    }
}
