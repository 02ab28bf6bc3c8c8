using System.Buffers.Binary;

namespace ActorSync.Journal.Sqlite;

/// <summary>Tells a damaged write-ahead log from one whose end was torn.</summary>
/// <remarks>
/// SQLite reads a log up to the first frame whose checksum does not fit and takes the rest for never written, so one bad byte silently loses every
/// commit behind it. A torn end is of the last transaction only: each is synced before the next begins. So a bad frame that is followed by a
/// whole commit and by yet another good frame is damage. (File format: sqlite.org/walformat.html)
/// </remarks>
internal static class WalDamage
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const int SaltBytes = 8;
    private const uint LittleEndianSums = 0x377f0682;
    private const uint BigEndianSums = 0x377f0683;

    /// <returns>Where the first bad frame begins, or null when nothing that was committed is lost.</returns>
    public static long? FindIn(string walPath)
    {
        if (!File.Exists(walPath))
        {
            return null;
        }

        using var file = new FileStream(walPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return null;
        }

        var (magic, pageBytes) = (Word(header, 0), (int)Word(header, 8));
        return magic is LittleEndianSums or BigEndianSums && pageBytes is >= 512 and <= 65536
            ? FindBehind(file, header, pageBytes, isBigEndian: magic == BigEndianSums)
            : null;
    }

    private static long? FindBehind(FileStream file, ReadOnlySpan<byte> header, int pageBytes, bool isBigEndian)
    {
        var salts = header.Slice(16, SaltBytes);
        var sum = (Word(header, 24), Word(header, 28));
        var frame = new byte[FrameHeaderBytes + pageBytes];
        long? bad = null;
        var isCommittedBehind = false;
        for (
            var at = (long)HeaderBytes;
            file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length;
            at += frame.Length
        )
        {
            var stored = (Word(frame, 16), Word(frame, 20));
            var fits = frame.AsSpan(8, SaltBytes).SequenceEqual(salts) && Sum(frame, sum, isBigEndian) == stored;
            if (!fits)
            {
                bad ??= at;
            }
            else if (bad is not null)
            {
                if (isCommittedBehind)
                {
                    return bad;
                }

                isCommittedBehind = Word(frame, 4) != 0;
            }

            sum = stored;
        }

        return null;
    }

    // Of the first 8 bytes of the frame's header and of its page, going on from the frame before.
    private static (uint, uint) Sum(ReadOnlySpan<byte> frame, (uint A, uint B) sum, bool isBigEndian)
    {
        sum = Add(frame[..8], sum, isBigEndian);
        return Add(frame[FrameHeaderBytes..], sum, isBigEndian);
    }

    private static (uint, uint) Add(ReadOnlySpan<byte> bytes, (uint A, uint B) sum, bool isBigEndian)
    {
        var (a, b) = sum;
        for (; !bytes.IsEmpty; bytes = bytes[8..])
        {
            var (x, y) = isBigEndian
                ? (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]))
                : (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            a += x + b;
            b += y + a;
        }

        return (a, b);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
