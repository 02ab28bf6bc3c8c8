using System.Security.Cryptography;

namespace ActorSync.Model;

/// <summary>One register or tombstone of a replica as an operation of its own, for a hub that has lost the operation which wrote it.</summary>
internal static class RepairOperation
{
    /// <summary>The id that every device gives to the repair of this register, made of the operation that wrote it (a UUID, version 8).</summary>
    /// <remarks>The first 48 bits are the operation's, so that of two writes with one stamp and device the same one wins as before.</remarks>
    public static OperationId IdOf(OperationId operation, bool tombstone, ReadOnlySpan<byte> register)
    {
        Span<byte> name =
            register.Length <= 512
                ? stackalloc byte[OperationId.Bytes + 1 + register.Length]
                : new byte[OperationId.Bytes + 1 + register.Length];
        operation.WriteTo(name);
        name[OperationId.Bytes] = tombstone ? (byte)'D' : (byte)'R';
        register.CopyTo(name[(OperationId.Bytes + 1)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        name[..6].CopyTo(id);
        hash[..10].CopyTo(id[6..]);
        id[6] = (byte)(0x80 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return OperationId.FromBytes(id);
    }

    /// <summary>How the one register is named: by the field where that can be, else as the only key of an object.</summary>
    public static RepairShape ShapeOf(bool tombstone, ReadOnlySpan<byte> register, ReadOnlySpan<byte> value) =>
        tombstone ? RepairShape.Tombstone
        : register.IsEmpty && value[0] != '{' ? RepairShape.Whole
        : register.IsEmpty || register.Length > OperationRules.MaxFieldBytes ? RepairShape.Member
        : RepairShape.Field;
}

internal enum RepairShape
{
    /// <summary>A delete without a field.</summary>
    Tombstone,

    /// <summary>A set without a field, of a payload that is no object.</summary>
    Whole,

    /// <summary>A set of the field.</summary>
    Field,

    /// <summary>A set without a field, of an object with this one key: names that no field may have.</summary>
    Member,
}
