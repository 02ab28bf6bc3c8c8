using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance.Oracle;

/// <summary>The merge key: stamp, then device by the bytes of its UTF-8, then the bytes of the operation's id.</summary>
internal sealed record MergeKey(long Stamp, string Device, string OperationId) : IComparable<MergeKey>
{
    public int CompareTo(MergeKey? other)
    {
        if (other is null)
        {
            return 1;
        }

        var byStamp = Stamp.CompareTo(other.Stamp);
        var byDevice = byStamp != 0 ? byStamp : CanonicalText.Compare(Device, other.Device);
        return byDevice != 0 ? byDevice : Bytes(OperationId).AsSpan().SequenceCompareTo(Bytes(other.OperationId));
    }

    private static byte[] Bytes(string id) => Convert.FromHexString(id.Replace("-", "", StringComparison.Ordinal));
}

/// <summary>A row of the replica.</summary>
/// <param name="Kind"><c>D</c> a tombstone, <c>R</c> a live register.</param>
/// <param name="Value">Canonical JSON; empty for a tombstone.</param>
internal sealed record ReplicaRow(string Entity, string EntityId, string Kind, string Register, string Value, MergeKey Key)
{
    public static int Compare(ReplicaRow one, ReplicaRow other)
    {
        var order = CanonicalText.Compare(one.Entity, other.Entity);
        order = order != 0 ? order : CanonicalText.Compare(one.EntityId, other.EntityId);
        order = order != 0 ? order : CanonicalText.Compare(one.Kind, other.Kind);
        return order != 0 ? order : CanonicalText.Compare(one.Register, other.Register);
    }
}

/// <summary>What a set of operations comes to, written from the document ("Merge", "Digest"), not from the product.</summary>
internal sealed class ReplicaModel
{
    private readonly Dictionary<(string Entity, string EntityId), Thing> _things = [];

    public static ReplicaModel Of(IEnumerable<LogOp> ops)
    {
        var model = new ReplicaModel();
        foreach (var op in ops)
        {
            model.Apply(op);
        }

        return model;
    }

    public void Apply(LogOp op)
    {
        var key = new MergeKey(op.Stamp, op.Device, op.OperationId);
        var thing = ThingOf(op.Entity, op.EntityId);
        switch (op.Kind)
        {
            case "delete" when op.Field is null:
                thing.Deleted = thing.Deleted is { } deleted && deleted.CompareTo(key) >= 0 ? deleted : key;
                break;
            case "delete":
                thing.Write(op.Field, "null", key);
                break;
            case "set" or "insert" when op.Field is null && op.Payload.ValueKind == JsonValueKind.Object:
                foreach (var member in op.Payload.EnumerateObject())
                {
                    thing.Write(member.Name, CanonicalText.Of(member.Value), key);
                }

                break;
            case "set" or "insert":
                thing.Write(op.Field ?? "", CanonicalText.Of(op.Payload), key);
                break;
            default:
                Expect.Equal("noop", op.Kind, "the kind of an operation");
                break;
        }
    }

    public ImmutableArray<ReplicaRow> Rows()
    {
        var rows = new List<ReplicaRow>();
        foreach (var ((entity, entityId), thing) in _things)
        {
            if (thing.Deleted is { } deleted)
            {
                rows.Add(new ReplicaRow(entity, entityId, "D", "", "", deleted));
            }

            rows.AddRange(
                from register in thing.Registers
                where thing.Deleted is null || register.Value.Key.CompareTo(thing.Deleted) > 0
                select new ReplicaRow(entity, entityId, "R", register.Key, register.Value.Json, register.Value.Key)
            );
        }

        rows.Sort(ReplicaRow.Compare);
        return [.. rows];
    }

    /// <summary>Of rows in their order.</summary>
    public static string Digest(IEnumerable<ReplicaRow> rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var row in rows)
        {
            foreach (
                var part in new[]
                {
                    row.Entity,
                    row.EntityId,
                    row.Kind,
                    row.Register,
                    row.Value,
                    row.Key.Stamp.ToString(CultureInfo.InvariantCulture),
                    row.Key.Device,
                }
            )
            {
                var utf8 = Encoding.UTF8.GetBytes(part);
                var length = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
                hash.AppendData(length);
                hash.AppendData(utf8);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private Thing ThingOf(string entity, string entityId)
    {
        if (!_things.TryGetValue((entity, entityId), out var thing))
        {
            _things[(entity, entityId)] = thing = new Thing();
        }

        return thing;
    }

    private sealed class Thing
    {
        public MergeKey? Deleted { get; set; }

        public Dictionary<string, (string Json, MergeKey Key)> Registers { get; } = new(StringComparer.Ordinal);

        public void Write(string register, string json, MergeKey key)
        {
            if (!Registers.TryGetValue(register, out var held) || held.Key.CompareTo(key) < 0)
            {
                Registers[register] = (json, key);
            }
        }
    }
}
