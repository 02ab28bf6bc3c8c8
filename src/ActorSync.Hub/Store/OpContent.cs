using System.Buffers.Binary;
using System.Security.Cryptography;
using ActorSync.Hub.Sync;

namespace ActorSync.Hub.Store;

/// <summary>The hash that stands for an operation's content once it is compacted: all but origin, stamp and lane.</summary>
internal static class OpContent
{
    public const int Bytes = SHA256.HashSizeInBytes;

    public static void Hash(in PushedOp op, Span<byte> hash) =>
        Hash(op.Entity.Span, op.EntityId.Span, op.HasField, op.Field.Span, (long)op.Kind, op.Payload.Span, op.Schema, hash);

    public static void Hash(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        bool hasField,
        ReadOnlySpan<byte> field,
        long kind,
        ReadOnlySpan<byte> payload,
        long schema,
        Span<byte> hash
    )
    {
        // Every length stands before what it is of, so that no two contents are the same bytes.
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(sha, entity);
        Add(sha, entityId);
        Number(sha, hasField ? field.Length : -1);
        sha.AppendData(field);
        Number(sha, kind);
        Add(sha, payload);
        Number(sha, schema);
        sha.GetHashAndReset(hash);
    }

    private static void Add(IncrementalHash sha, ReadOnlySpan<byte> part)
    {
        Number(sha, part.Length);
        sha.AppendData(part);
    }

    private static void Number(IncrementalHash sha, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        sha.AppendData(bytes);
    }
}
