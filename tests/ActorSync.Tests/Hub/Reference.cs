using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSync.Tests.Hub;

/// <summary>Merge and digest once more, by hand, from the protocol's text.</summary>
internal static class Reference
{
    public static List<Row> Rows(IEnumerable<(string Device, JsonObject Op)> ops)
    {
        var registers = new Dictionary<(string Entity, string Id, string Register), (string Key, Row Row)>();
        var tombstones = new Dictionary<(string Entity, string Id), (string Key, Row Row)>();
        foreach (var (device, op) in ops)
        {
            var (entity, id) = (op["entity"]!.GetValue<string>(), op["entity_id"]!.GetValue<string>());
            var lamport = op["lamport_ts"]!.GetValue<long>();
            var key = $"{lamport:d20}{device}{op.Id()}";
            foreach (var (register, value) in Writes(op))
            {
                if (register is null)
                {
                    Keep(tombstones, (entity, id), key, new Row(entity, id, "D", "", "", lamport, device, op.Id()));
                }
                else
                {
                    Keep(registers, (entity, id, register), key, new Row(entity, id, "R", register, value, lamport, device, op.Id()));
                }
            }
        }

        return registers
            .Where(r => !tombstones.TryGetValue((r.Key.Entity, r.Key.Id), out var dead) || string.CompareOrdinal(r.Value.Key, dead.Key) > 0)
            .Select(r => r.Value.Row)
            .Concat(tombstones.Values.Select(t => t.Row))
            .OrderBy(r => Hex(r.Entity), StringComparer.Ordinal)
            .ThenBy(r => Hex(r.Id), StringComparer.Ordinal)
            .ThenBy(r => r.Kind, StringComparer.Ordinal)
            .ThenBy(r => Hex(r.Register), StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>Those of a log as it was pulled.</summary>
    public static List<Row> Rows(IEnumerable<JsonObject> log) => Rows(log.Select(o => (o["device_id"]!.GetValue<string>(), o)));

    public static string Hash(IEnumerable<Row> rows)
    {
        using var bytes = new MemoryStream();
        foreach (var row in rows)
        {
            foreach (var part in new[] { row.Entity, row.Id, row.Kind, row.Register, row.Value, row.Lamport.ToString(), row.Device })
            {
                var text = Encoding.UTF8.GetBytes(part);
                bytes.Write(BitConverter.GetBytes(text.Length));
                bytes.Write(text);
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }

    private static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    private static void Keep<TKey>(Dictionary<TKey, (string Key, Row Row)> held, TKey at, string key, Row row)
        where TKey : notnull
    {
        if (!held.TryGetValue(at, out var known) || string.CompareOrdinal(known.Key, key) < 0)
        {
            held[at] = (key, row);
        }
    }

    private static IEnumerable<(string? Register, string Value)> Writes(JsonObject op)
    {
        var field = op["field"]?.GetValue<string>();
        return op["op"]!.GetValue<string>() switch
        {
            "noop" => [],
            "delete" => [(field, "null")],
            _ when field is not null => [(field, Json(op["payload"]))],
            _ when op["payload"] is JsonObject members => members.Select(m => ((string?)m.Key, Json(m.Value))),
            _ => [("", Json(op["payload"]))],
        };
    }

    public static string Json(JsonNode? node) =>
        node switch
        {
            null => "null",
            JsonObject o => $"{{{string.Join(',', Members(o))}}}",
            _ => node.ToJsonString(Relaxed),
        };

    private static IEnumerable<string> Members(JsonObject node) =>
        node.OrderBy(m => Hex(m.Key), StringComparer.Ordinal).Select(m => $"{JsonSerializer.Serialize(m.Key, Relaxed)}:{Json(m.Value)}");

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public sealed record Row(
        string Entity,
        string Id,
        string Kind,
        string Register,
        string Value,
        long Lamport,
        string Device,
        string Operation
    );
}
