using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorSync.Host.Conformance.Oracle;

/// <summary>The chain of heads, written from the document ("Head"), not from the product.</summary>
internal static class HistoryChain
{
    public static readonly string Start = new('0', 64);

    public static string Next(string head, long id, string operationId, long stamp)
    {
        var link = new byte[32 + 8 + 16 + 8];
        Convert.FromHexString(head).CopyTo(link, 0);
        BinaryPrimitives.WriteInt64BigEndian(link.AsSpan(32), id);
        Convert.FromHexString(operationId.Replace("-", "", StringComparison.Ordinal)).CopyTo(link, 40);
        BinaryPrimitives.WriteInt64BigEndian(link.AsSpan(56), stamp);
        return Convert.ToHexStringLower(SHA256.HashData(link));
    }

    /// <summary>The pair after these operations. They must follow the pair without a gap.</summary>
    public static Pair Follow(Pair from, IEnumerable<LogOp> ops)
    {
        foreach (var op in ops)
        {
            Expect.Equal(from.Id + 1, op.Id, "the id that follows");
            from = new Pair(op.Id, Next(from.Head, op.Id, op.OperationId, op.Stamp));
        }

        return from;
    }
}
