using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance;

/// <summary>An operation as it is pushed. A variant of it is made by <c>with</c>.</summary>
internal sealed record Operation
{
    public required string Id { get; init; }

    public required long Stamp { get; init; }

    public required string Entity { get; init; }

    public required string EntityId { get; init; }

    public string? Field { get; init; }

    public string Kind { get; init; } = "set";

    /// <summary>JSON as it is sent, well-formed or not.</summary>
    public string Payload { get; init; } = "{\"title\":\"x\"}";

    public string Lane { get; init; } = "bulk";

    public long Schema { get; init; } = 1;

    public bool Published { get; init; }

    /// <summary>The origin; null leaves it out: the caller.</summary>
    public string? Device { get; init; }

    public string Json
    {
        get
        {
            var utf8 = new ArrayBufferWriter<byte>(256);
            using (var json = new Utf8JsonWriter(utf8, new JsonWriterOptions { SkipValidation = true }))
            {
                json.WriteStartObject();
                json.WriteString("operation_id", Id);
                json.WriteNumber("lamport_ts", Stamp);
                if (Device is not null)
                {
                    json.WriteString("device_id", Device);
                }

                json.WriteString("entity", Entity);
                json.WriteString("entity_id", EntityId);
                json.WriteString("field", Field);
                json.WriteString("op", Kind);
                json.WritePropertyName("payload");
                json.WriteRawValue(Payload, skipInputValidation: true);
                json.WriteString("lane", Lane);
                json.WriteNumber("schema", Schema);
                json.WriteBoolean("published", Published);
                json.WriteEndObject();
            }

            return Encoding.UTF8.GetString(utf8.WrittenSpan);
        }
    }

    /// <summary>The same with one member's value written as given; null takes the member out.</summary>
    public string JsonWith(string member, string? value)
    {
        using var document = JsonDocument.Parse(Json);
        var members = document
            .RootElement.EnumerateObject()
            .Where(m => m.Name != member)
            .Select(m => $"{JsonText.Quote(m.Name)}:{m.Value.GetRawText()}");
        return $"{{{string.Join(',', value is null ? members : members.Append($"{JsonText.Quote(member)}:{value}"))}}}";
    }
}

internal static class JsonText
{
    public static string Quote(string? text) => text is null ? "null" : $"\"{JsonEncodedText.Encode(text)}\"";
}
