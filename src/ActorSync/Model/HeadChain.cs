using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorSync.Model;

/// <summary>The chain that names an account's history at a hub: one head an accepted operation (PROTOCOL "Head").</summary>
internal static class HeadChain
{
    public const int Bytes = 32;

    /// <summary>The head of an account that holds nothing; its id is 0.</summary>
    public static ReadOnlySpan<byte> Genesis => new byte[Bytes];

    /// <summary>SHA-256(previous, id as int64 big-endian, operation id in network order, stamp as int64 big-endian).</summary>
    /// <param name="operationId">16 bytes.</param>
    /// <param name="next">32 bytes; may be <paramref name="previous"/> itself.</param>
    public static void Next(ReadOnlySpan<byte> previous, long id, ReadOnlySpan<byte> operationId, long lamport, Span<byte> next)
    {
        Span<byte> link = stackalloc byte[Bytes + sizeof(long) + OperationId.Bytes + sizeof(long)];
        previous[..Bytes].CopyTo(link);
        BinaryPrimitives.WriteInt64BigEndian(link[Bytes..], id);
        operationId[..OperationId.Bytes].CopyTo(link[(Bytes + sizeof(long))..]);
        BinaryPrimitives.WriteInt64BigEndian(link[(Bytes + sizeof(long) + OperationId.Bytes)..], lamport);
        SHA256.HashData(link, next);
    }

    /// <summary>64 lower-case hex digits, as the wire spells it.</summary>
    public static string ToHex(ReadOnlySpan<byte> head) => Convert.ToHexStringLower(head);

    /// <summary>Reads 64 hex digits of either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, Span<byte> head) =>
        hex.Length == 2 * Bytes && Convert.FromHexString(hex, head[..Bytes], out _, out _) == OperationStatus.Done;
}
