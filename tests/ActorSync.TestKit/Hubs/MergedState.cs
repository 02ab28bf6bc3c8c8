using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorSync.TestKit.Hubs;

/// <summary>What a set of operations comes to, in any order (the protocol's Merge), and its digest.</summary>
public sealed class MergedState
{
    private readonly SortedDictionary<string, SortedDictionary<string, Thing>> _entities = new(CanonicalValue.ByUtf8);

    public static MergedState Of(IEnumerable<HubOperation> operations)
    {
        var state = new MergedState();
        foreach (var operation in operations)
        {
            state.Apply(operation);
        }

        return state;
    }

    /// <summary>64 hex digits over everything.</summary>
    public string Digest => DigestOf(_entities.Keys);

    public SortedDictionary<string, string> DigestPerEntity
    {
        get
        {
            var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var entity in _entities.Keys)
            {
                if (Rows([entity]).Any())
                {
                    digests[entity] = DigestOf([entity]);
                }
            }

            return digests;
        }
    }

    /// <summary>entity, entity_id, kind, register, value, lamport_ts, device_id; in the digest's order.</summary>
    public IEnumerable<string[]> AllRows => Rows(_entities.Keys).Select(static row => row[..7]);

    /// <summary>The same, and the operation_id.</summary>
    public IEnumerable<string[]> SnapshotRows => Rows(_entities.Keys);

    public void Apply(HubOperation operation)
    {
        if (operation.Op == "noop")
        {
            return;
        }

        var things = Get(_entities, operation.Entity, static () => new SortedDictionary<string, Thing>(CanonicalValue.ByUtf8));
        var thing = Get(things, operation.EntityId, static () => new Thing());
        var stamp = new Stamp(operation.Lamport, operation.Device, operation.OperationId);
        if (operation is { Op: "delete", Field: null })
        {
            thing.Deleted = thing.Deleted is { } other && other.CompareTo(stamp) >= 0 ? other : stamp;
            return;
        }

        foreach (var (register, value) in Writes(operation))
        {
            if (!thing.Registers.TryGetValue(register, out var held) || held.Stamp.CompareTo(stamp) < 0)
            {
                thing.Registers[register] = (stamp, value);
            }
        }
    }

    private static IEnumerable<(string Register, string Value)> Writes(HubOperation operation)
    {
        if (operation.Field is { } field)
        {
            return [(field, operation.Op == "delete" ? "null" : operation.Payload)];
        }

        using var payload = JsonDocument.Parse(operation.Payload);
        return payload.RootElement.ValueKind == JsonValueKind.Object
            ? payload.RootElement.EnumerateObject().Select(static x => (x.Name, CanonicalValue.Of(x.Value))).ToList()
            : [("", operation.Payload)];
    }

    private static TValue Get<TValue>(SortedDictionary<string, TValue> map, string key, Func<TValue> make)
    {
        if (!map.TryGetValue(key, out var value))
        {
            map[key] = value = make();
        }

        return value;
    }

    private string DigestOf(IEnumerable<string> entities)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = new byte[4];
        foreach (var part in Rows(entities).SelectMany(static row => row.Take(7)))
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private IEnumerable<string[]> Rows(IEnumerable<string> entities)
    {
        foreach (var entity in entities)
        {
            foreach (var (id, thing) in _entities[entity])
            {
                if (thing.Deleted is { } deleted)
                {
                    yield return [entity, id, "D", "", "", deleted.Lamport.ToString(), deleted.Device, deleted.OperationId];
                }

                foreach (var (register, (stamp, value)) in thing.Registers)
                {
                    if (thing.Deleted is not { } tombstone || stamp.CompareTo(tombstone) > 0)
                    {
                        yield return [entity, id, "R", register, value, stamp.Lamport.ToString(), stamp.Device, stamp.OperationId];
                    }
                }
            }
        }
    }

    private sealed class Thing
    {
        public Stamp? Deleted { get; set; }

        public SortedDictionary<string, (Stamp Stamp, string Value)> Registers { get; } = new(CanonicalValue.ByUtf8);
    }

    private readonly record struct Stamp(long Lamport, string Device, string OperationId) : IComparable<Stamp>
    {
        public int CompareTo(Stamp other) =>
            Lamport != other.Lamport ? Lamport.CompareTo(other.Lamport)
            : CanonicalValue.ByUtf8.Compare(Device, other.Device) is var device and not 0 ? device
            : string.CompareOrdinal(OperationId, other.OperationId);
    }
}
