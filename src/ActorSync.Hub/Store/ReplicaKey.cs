using System.Buffers.Text;

namespace ActorSync.Hub.Store;

/// <summary>
/// Account, entity, entity id, kind and register as one run of bytes that sorts as they do one after the other. Each name ends with
/// 00 01, and a 00 inside a name is written 00 02, so that a name sorts before the ones it begins.
/// </summary>
internal sealed class ReplicaKey
{
    private const int AccountDigits = 8;
    private const byte End = 1;
    private const byte Nul = 2;
    private byte[] _bytes = new byte[512];
    private int _entityEnds;
    private int _length;

    public ReadOnlySpan<byte> Whole => _bytes.AsSpan(0, _length);

    /// <summary>Up to the kind: what all rows of one entity begin with.</summary>
    public ReadOnlySpan<byte> Entity => _bytes.AsSpan(0, _entityEnds);

    public ReplicaKey OfAccount(long account)
    {
        Utf8Formatter.TryFormat(account, _bytes, out _, new System.Buffers.StandardFormat('x', AccountDigits));
        (_length, _entityEnds) = (AccountDigits, AccountDigits);
        return this;
    }

    public ReplicaKey OfEntity(long account, ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId)
    {
        OfAccount(account);
        Name(entity);
        Close();
        Name(entityId);
        Close();
        _entityEnds = _length;
        return this;
    }

    /// <summary>Puts kind and register behind the entity; what stood there before goes.</summary>
    public ReplicaKey Of(byte kind, ReadOnlySpan<byte> register = default)
    {
        _length = _entityEnds;
        Reserve(1);
        _bytes[_length++] = kind;
        Name(register);
        return this;
    }

    public ReplicaKey CopyOf(ReadOnlySpan<byte> key)
    {
        _length = 0;
        Reserve(key.Length);
        key.CopyTo(_bytes);
        (_length, _entityEnds) = (key.Length, key.Length);
        return this;
    }

    /// <summary>Takes a key apart again. Names with a 00 in them are copied, others are slices of it.</summary>
    public static void Split(
        ReadOnlySpan<byte> key,
        out ReadOnlySpan<byte> entity,
        out ReadOnlySpan<byte> entityId,
        out byte kind,
        out ReadOnlySpan<byte> register
    )
    {
        ReadOnlySpan<byte> end = [0, End];
        var names = key[AccountDigits..];
        var entityEnds = names.IndexOf(end);
        var rest = names[(entityEnds + end.Length)..];
        var idEnds = rest.IndexOf(end);
        entity = Plain(names[..entityEnds]);
        entityId = Plain(rest[..idEnds]);
        kind = rest[idEnds + end.Length];
        register = Plain(rest[(idEnds + end.Length + 1)..]);
    }

    private static ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> name)
    {
        if (!name.Contains((byte)0))
        {
            return name;
        }

        var plain = new byte[name.Length];
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            plain[length++] = name[i];
            i += name[i] == 0 ? 1 : 0;
        }

        return plain.AsSpan(0, length);
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        Reserve((2 * name.Length) + 2);
        if (!name.Contains((byte)0))
        {
            name.CopyTo(_bytes.AsSpan(_length));
            _length += name.Length;
            return;
        }

        foreach (var one in name)
        {
            _bytes[_length++] = one;
            if (one == 0)
            {
                _bytes[_length++] = Nul;
            }
        }
    }

    private void Close()
    {
        _bytes[_length++] = 0;
        _bytes[_length++] = End;
    }

    private void Reserve(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + bytes));
        }
    }
}
