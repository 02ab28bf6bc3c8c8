using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace ActorSync.Model;

/// <summary>SHA-256 over the rows of a replica, and over those of each entity (PROTOCOL "Digest"). Two replicas are equal when it is.</summary>
/// <remarks>Rows come in ascending order of (entity, entity_id, kind, register), each compared by its UTF-8 bytes. Not safe for concurrent use.</remarks>
internal sealed class ReplicaDigest : IDisposable
{
    public const byte Tombstone = (byte)'D';
    public const byte Register = (byte)'R';

    private const int Parts = 7;
    private readonly IncrementalHash _whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _ofEntity = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ImmutableSortedDictionary<string, string>.Builder _entities = ImmutableSortedDictionary.CreateBuilder<string, string>(
        StringComparer.Ordinal
    );
    private byte[] _buffer = new byte[64 << 10];
    private int _buffered;
    private byte[] _entity = [];
    private bool _any;

    /// <param name="kind"><see cref="Tombstone"/> or <see cref="Register"/>.</param>
    /// <param name="register">Empty for a tombstone.</param>
    /// <param name="value">Canonical JSON, empty for a tombstone.</param>
    /// <exception cref="InvalidOperationException">The entity comes before the last one: the rows are not in order.</exception>
    public void Add(
        ReadOnlySpan<byte> entity,
        ReadOnlySpan<byte> entityId,
        byte kind,
        ReadOnlySpan<byte> register,
        ReadOnlySpan<byte> value,
        long lamport,
        ReadOnlySpan<byte> device
    )
    {
        if (!_any || !entity.SequenceEqual(_entity))
        {
            Turn(entity);
        }

        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(lamport, digits, out var length);
        Reserve((Parts * sizeof(int)) + entity.Length + entityId.Length + 1 + register.Length + value.Length + length + device.Length);
        Put(entity);
        Put(entityId);
        Put([kind]);
        Put(register);
        Put(value);
        Put(digits[..length]);
        Put(device);
    }

    /// <summary>Both in lower-case hex. The digest can be used again afterwards, from the first row.</summary>
    public (string Digest, ImmutableSortedDictionary<string, string> Entities) Finish()
    {
        CloseEntity();
        Flush();
        var entities = _entities.ToImmutable();
        _entities.Clear();
        (_any, _entity) = (false, []);
        return (Convert.ToHexStringLower(_whole.GetHashAndReset()), entities);
    }

    public void Dispose()
    {
        _whole.Dispose();
        _ofEntity.Dispose();
    }

    private void Turn(ReadOnlySpan<byte> entity)
    {
        if (_any && entity.SequenceCompareTo(_entity) < 0)
        {
            throw new InvalidOperationException("the rows of a digest are not in order");
        }

        CloseEntity();
        _entity = entity.ToArray();
        _any = true;
    }

    private void CloseEntity()
    {
        if (_any)
        {
            Flush();
            _entities[Encoding.UTF8.GetString(_entity)] = Convert.ToHexStringLower(_ofEntity.GetHashAndReset());
        }
    }

    private void Reserve(int bytes)
    {
        if (_buffered + bytes <= _buffer.Length)
        {
            return;
        }

        Flush();
        if (bytes > _buffer.Length)
        {
            _buffer = new byte[bytes];
        }
    }

    private void Put(ReadOnlySpan<byte> part)
    {
        var to = _buffer.AsSpan(_buffered);
        BinaryPrimitives.WriteInt32LittleEndian(to, part.Length);
        part.CopyTo(to[sizeof(int)..]);
        _buffered += sizeof(int) + part.Length;
    }

    private void Flush()
    {
        var bytes = _buffer.AsSpan(0, _buffered);
        _whole.AppendData(bytes);
        _ofEntity.AppendData(bytes);
        _buffered = 0;
    }
}
