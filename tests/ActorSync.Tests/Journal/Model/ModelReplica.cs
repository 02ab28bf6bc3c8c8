using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Tests.Journal.Model;

/// <summary>The merge and the digest once more, written from the protocol's text and slowly. All operations are of one device, one entity name.</summary>
internal static class ModelReplica
{
    public static string Digest(IEnumerable<ModelOperation> acked, string entity, string device)
    {
        var tombstones = new Dictionary<string, (long Lamport, string Id)>(StringComparer.Ordinal);
        var registers = new Dictionary<(string Key, string Register), (long Lamport, string Id, string Value)>();
        foreach (var operation in acked)
        {
            foreach (var (register, value) in Writes(operation))
            {
                var at = (operation.Lamport, operation.Id.ToString());
                if (register is null)
                {
                    if (!tombstones.TryGetValue(operation.Key, out var dead) || Less(dead, at))
                    {
                        tombstones[operation.Key] = at;
                    }
                }
                else if (!registers.TryGetValue((operation.Key, register), out var held) || Less((held.Lamport, held.Id), at))
                {
                    registers[(operation.Key, register)] = (at.Lamport, at.Item2, value!);
                }
            }
        }

        var rows = new List<(string Key, string Kind, string Register, string Value, long Lamport)>();
        rows.AddRange(tombstones.Select(dead => (dead.Key, "D", "", "", dead.Value.Lamport)));
        rows.AddRange(
            registers
                .Where(r => !tombstones.TryGetValue(r.Key.Key, out var dead) || Less(dead, (r.Value.Lamport, r.Value.Id)))
                .Select(r => (r.Key.Key, "R", r.Key.Register, r.Value.Value, r.Value.Lamport))
        );
        Span<byte> length = stackalloc byte[4];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (
            var row in rows.OrderBy(r => r.Key, StringComparer.Ordinal)
                .ThenBy(r => r.Kind, StringComparer.Ordinal)
                .ThenBy(r => r.Register, StringComparer.Ordinal)
        )
        {
            foreach (var part in new[] { entity, row.Key, row.Kind, row.Register, row.Value, $"{row.Lamport}", device })
            {
                var bytes = Encoding.UTF8.GetBytes(part);
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                hash.AppendData(length);
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Null for the tombstone.
    private static IEnumerable<(string? Register, string? Value)> Writes(ModelOperation operation)
    {
        var text = operation.Payload.Length == 0 ? "null" : operation.Payload;
        switch (operation.Kind)
        {
            case OperationKind.Noop:
                yield break;
            case OperationKind.Delete:
                yield return operation.Field is null ? (null, null) : (operation.Field, "null");
                yield break;
            default:
                using (var payload = JsonDocument.Parse(text))
                {
                    if (operation.Field is not null || payload.RootElement.ValueKind != JsonValueKind.Object)
                    {
                        yield return (operation.Field ?? "", text);
                        yield break;
                    }

                    foreach (var member in payload.RootElement.EnumerateObject())
                    {
                        yield return (member.Name, member.Value.GetRawText());
                    }
                }

                yield break;
        }
    }

    private static bool Less((long Lamport, string Id) left, (long Lamport, string Id) right) =>
        left.Lamport != right.Lamport ? left.Lamport < right.Lamport : string.CompareOrdinal(left.Id, right.Id) < 0;
}
