namespace ActorSync.Host.Import;

/// <summary>Cuts a stream of bytes into lines. Holds one line and no more than a chunk beyond it, whatever the length of the file.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>The longest line that is read: a payload of 1 MiB, escaped, with room for the rest.</summary>
    public const int MaxLine = 2 << 20;

    private const int Chunk = 256 << 10;
    private const byte NewLine = (byte)'\n';
    private byte[] _buffer = new byte[Chunk];
    private int _start;
    private int _end;
    private bool _ended;
    private bool _skipping;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line without its end (LF or CRLF) and without a byte order mark; good until the next read.</summary>
    public LineKind Read(out ReadOnlySpan<byte> line)
    {
        var scanned = _start;
        while (true)
        {
            var found = _buffer.AsSpan(scanned, _end - scanned).IndexOf(NewLine);
            if (found >= 0)
            {
                var whole = _buffer.AsSpan(_start, scanned + found - _start);
                _start = scanned + found + 1;
                return Give(whole, out line);
            }

            scanned = _end;
            if (_ended)
            {
                var rest = _buffer.AsSpan(_start, _end - _start);
                _start = _end;
                if (rest.IsEmpty && !_skipping)
                {
                    line = default;
                    return LineKind.End;
                }

                return Give(rest, out line);
            }

            scanned -= Fill();
        }
    }

    private LineKind Give(Span<byte> whole, out ReadOnlySpan<byte> line)
    {
        Number++;
        if (_skipping || whole.Length > MaxLine + 1)
        {
            _skipping = false;
            line = default;
            return LineKind.TooLong;
        }

        if (Number == 1 && whole.StartsWith("\uFEFF"u8))
        {
            whole = whole[3..];
        }

        line = whole.EndsWith("\r"u8) ? whole[..^1] : whole;
        return line.Length > MaxLine ? LineKind.TooLong : LineKind.Line;
    }

    // Gives by how much the kept bytes moved to the front.
    private int Fill()
    {
        if (_end - _start > MaxLine + 1)
        {
            // Too long already: what was read of it is dropped, the rest is looked through for its end.
            _skipping = true;
            _start = _end;
        }

        var moved = 0;
        if (_start > 0)
        {
            moved = _start;
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
        return moved;
    }
}

internal enum LineKind
{
    Line,
    TooLong,
    End,
}
