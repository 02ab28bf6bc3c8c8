using System.Buffers.Binary;
using System.Text;

namespace ActorSync.Journal;

/// <summary>Which entity an operation is about, as 128 bits of its name and id: equal keys are taken to be one entity.</summary>
/// <remarks>Stable across processes. Two entities that meet by chance (2^-128) would only wait for one another.</remarks>
internal readonly record struct EntityKey(ulong High, ulong Low)
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xC2B2_AE3D_27D4_EB4F;
    private const int StackBytes = 512;

    public static EntityKey Of(ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId)
    {
        var (a, b) = Mix(First ^ (ulong)entity.Length, Second, entity);
        (a, b) = Mix(a, b ^ (ulong)entityId.Length, entityId);
        return new EntityKey(a, b);
    }

    public static EntityKey Of(string entity, string entityId)
    {
        var (first, second) = (Encoding.UTF8.GetMaxByteCount(entity.Length), Encoding.UTF8.GetMaxByteCount(entityId.Length));
        Span<byte> buffer = first + second <= StackBytes ? stackalloc byte[StackBytes] : new byte[first + second];
        var length = Encoding.UTF8.GetBytes(entity, buffer);
        var idLength = Encoding.UTF8.GetBytes(entityId, buffer[length..]);
        return Of(buffer[..length], buffer.Slice(length, idLength));
    }

    private static (ulong A, ulong B) Mix(ulong a, ulong b, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ulong word;
            if (bytes.Length >= sizeof(ulong))
            {
                word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                bytes = bytes[sizeof(ulong)..];
            }
            else
            {
                word = 0;
                foreach (var one in bytes)
                {
                    word = (word << 8) | one;
                }

                bytes = default;
            }

            a = (a ^ word) * First;
            a ^= a >> 32;
            b = (b + word) * Second;
            b ^= b >> 29;
        }

        return (a * Second, b * First);
    }
}

/// <summary>A Bloom filter over the keys that a lane may hold: "no" is certain, "perhaps" is looked up. Fixed at 2 MiB once it is used.</summary>
/// <remarks>
/// Burton Bloom, 1970, in blocks of one cache line, so that a key costs one miss (Putze, Sanders, Singler, 2007). With 1,000,000 keys, 16 bits each
/// and 4 probes about 0.4 % of the foreign keys say "perhaps".
/// </remarks>
internal sealed class KeyFilter
{
    private const int Blocks = 1 << 15;
    private const int BlockWords = 8;
    private const int Probes = 4;
    private const int BitsOfPlace = 9;
    private const int CrowdedAt = 2_000_000;
    private ulong[]? _words;
    private long _added;

    /// <summary>False until the rows that were there before this process have been added.</summary>
    public bool IsComplete { get; private set; }

    public void Complete() => IsComplete = true;

    /// <summary>Keys are only ever added: after long use without an empty lane nearly all it says is "perhaps", and it is filled anew.</summary>
    public void ForgetWhenCrowded(long pending)
    {
        if (_added > CrowdedAt && _added > 4 * pending)
        {
            Clear();
            IsComplete = false;
        }
    }

    /// <summary>The lane is empty: it holds no key, and that is all there is to know.</summary>
    public void Clear()
    {
        if (_added > 0)
        {
            Array.Clear(_words!);
            _added = 0;
        }

        IsComplete = true;
    }

    public void Add(EntityKey key)
    {
        _words ??= new ulong[Blocks * BlockWords];
        _added++;
        var block = Block(_words, key);
        var places = key.High;
        for (var i = 0; i < Probes; i++, places >>= BitsOfPlace)
        {
            block[Word(places)] |= Bit(places);
        }
    }

    public bool MayHold(EntityKey key)
    {
        if (_words is null)
        {
            return false;
        }

        var block = Block(_words, key);
        var places = key.High;
        for (var i = 0; i < Probes; i++, places >>= BitsOfPlace)
        {
            if ((block[Word(places)] & Bit(places)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    // The block comes from the key's other half: places within it are independent of it.
    private static Span<ulong> Block(ulong[] words, EntityKey key) =>
        words.AsSpan((int)((key.Low >> 40) & (Blocks - 1)) * BlockWords, BlockWords);

    private static int Word(ulong places) => (int)((places >> 6) & (BlockWords - 1));

    private static ulong Bit(ulong places) => 1UL << (int)(places & 63);
}
