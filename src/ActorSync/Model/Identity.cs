using System.Diagnostics.CodeAnalysis;

namespace ActorSync.Model;

/// <summary>Names one operation for ever, in the journal, on the wire and at the hub. A UUID, version 7 (RFC 9562) by preference.</summary>
/// <remarks>Ids that ascend with time keep a unique index local; random ones (version 4) are taken and cost more.</remarks>
public readonly record struct OperationId(Guid Value)
{
    public const int Bytes = 16;

    /// <summary>Reads the 36-character form with hyphens; anything else, the nil UUID included, is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OperationId id)
    {
        id = Guid.TryParseExact(text, "D", out var value) ? new OperationId(value) : default;
        return id.Value != Guid.Empty;
    }

    /// <summary>Reads 16 bytes in network order, as the journal stores them.</summary>
    public static OperationId FromBytes(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    /// <summary>Writes 16 bytes in network order, so that byte order is the order of creation.</summary>
    public void WriteTo(Span<byte> destination) => Value.TryWriteBytes(destination, bigEndian: true, out _);

    public override string ToString() => Value.ToString("D");
}

/// <summary>One journal of one profile on one installation: the origin of operations and the second half of the merge key.</summary>
/// <remarks>Text of 1 to 128 bytes of UTF-8; ours are UUIDs. Ordered by the bytes of its UTF-8.</remarks>
public readonly record struct DeviceId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>The version of a credential: each pairing, token or refresh stores a higher one, and none is used twice.</summary>
public readonly record struct CredentialGeneration(long Value) : IComparable<CredentialGeneration>
{
    public static readonly CredentialGeneration None = new(0);

    public int CompareTo(CredentialGeneration other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString();
}
