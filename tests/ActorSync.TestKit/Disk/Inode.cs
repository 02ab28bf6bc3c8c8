namespace ActorSync.TestKit.Disk;

/// <summary>One file: what a process reads, what is surely on disk, and the writes in between.</summary>
internal sealed class Inode
{
    private const int Sector = 512;

    private readonly Bytes _live = new();
    private readonly Bytes _durable = new();
    private readonly List<Change> _unsure = [];

    public Inode(byte[] content)
    {
        _live.Write(0, content);
        _durable.Write(0, content);
    }

    /// <summary>The next sync of this file syncs its directory too.</summary>
    public bool SyncsDirectory { get; set; }

    public long Length => _live.Length;

    public bool HasUnsynced => _unsure.Count > 0;

    /// <summary>Fills the destination as far as the file goes; gives how much that was.</summary>
    public int Read(long offset, Span<byte> destination) => _live.Read(offset, destination);

    public void Write(long offset, byte[] data)
    {
        _live.Write(offset, data);
        _unsure.Add(new Change(offset, data));
    }

    public void Truncate(long length)
    {
        _live.SetLength(length);
        _unsure.Add(new Change(length, null));
    }

    public void Sync()
    {
        foreach (var change in _unsure)
        {
            change.Whole(_durable);
        }

        _unsure.Clear();
    }

    /// <summary>A sync that failed: some pages are written, the rest count as clean from now on and no later sync writes them (as Linux does).</summary>
    public void FailSync(Random random)
    {
        foreach (var change in _unsure)
        {
            if (random.Next(2) == 0)
            {
                change.Whole(_durable);
            }
        }

        _unsure.Clear();
    }

    public byte[] Live() => _live.ToArray();

    /// <summary>Any subset of the unsynced changes, each whole, torn, or with garbage in a sector that was being written.</summary>
    public byte[] Cut(Random random, double keep)
    {
        if (_unsure.Count == 0)
        {
            return _durable.ToArray();
        }

        var image = new Bytes();
        image.Write(0, _durable.Span);
        foreach (var change in _unsure)
        {
            if (random.NextDouble() >= keep)
            {
                continue;
            }

            if (keep >= 1 || random.Next(3) != 0)
            {
                change.Whole(image);
            }
            else
            {
                change.Torn(image, random);
            }
        }

        return image.ToArray();
    }

    /// <param name="Data">Null for a change of length to <paramref name="Offset"/>.</param>
    private readonly record struct Change(long Offset, byte[]? Data)
    {
        public void Whole(Bytes target)
        {
            if (Data is null)
            {
                target.SetLength(Offset);
            }
            else
            {
                target.Write(Offset, Data);
            }
        }

        public void Torn(Bytes target, Random random)
        {
            if (Data is null)
            {
                return;
            }

            for (var at = 0; at < Data.Length; )
            {
                var length = (int)Math.Min(Data.Length - at, Sector - ((Offset + at) % Sector));
                switch (random.Next(16))
                {
                    case 0:
                        var garbage = new byte[length];
                        random.NextBytes(garbage);
                        target.Write(Offset + at, garbage);
                        break;
                    case < 9:
                        target.Write(Offset + at, Data.AsSpan(at, length));
                        break;
                }

                at += length;
            }
        }
    }

    private sealed class Bytes
    {
        private byte[] _bytes = [];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

        public byte[] ToArray() => Span.ToArray();

        public int Read(long offset, Span<byte> destination)
        {
            var count = (int)Math.Clamp(Length - offset, 0, destination.Length);
            if (count > 0)
            {
                _bytes.AsSpan((int)offset, count).CopyTo(destination);
            }

            return count;
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            var end = checked((int)(offset + data.Length));
            if (end > Length)
            {
                SetLength(end);
            }

            data.CopyTo(_bytes.AsSpan((int)offset));
        }

        public void SetLength(long length)
        {
            var next = checked((int)length);
            if (next > _bytes.Length)
            {
                Array.Resize(ref _bytes, Math.Max(next, Math.Max(4096, _bytes.Length * 2)));
            }

            if (next < Length)
            {
                Array.Clear(_bytes, next, Length - next);
            }

            Length = next;
        }
    }
}
