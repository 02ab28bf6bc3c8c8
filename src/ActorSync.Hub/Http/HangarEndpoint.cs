using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>Keeps the last complete capture of a device's side collection.</summary>
internal sealed class HangarEndpoint(HubContext hub)
{
    private const int MostDepth = 32;

    public async Task<HubAnswer> PutAsync(HttpContext context)
    {
        var (claims, refusal) = hub.ReadBearer(context);
        if (claims is null)
        {
            return refusal!;
        }

        (var body, refusal) = await hub.Bodies.ReadAsync(context, hub.Options.Limits.BodyBytes);
        if (body is null)
        {
            return refusal!;
        }

        using var held = body;
        if (Read(body.Written, out var capturedAt, out var items) is { } fault)
        {
            return fault;
        }

        return await hub.RunAsync(
            claims,
            sync: true,
            (store, granted) =>
            {
                store.Hangar.Put(granted.Device, capturedAt.ToUnixTimeMilliseconds(), store.Now, items);
                return HubAnswer.NoContent();
            }
        );
    }

    /// <summary>Null when it is a complete capture.</summary>
    private static HubAnswer? Read(ReadOnlyMemory<byte> body, out DateTimeOffset capturedAt, out byte[] items)
    {
        (capturedAt, items) = (default, []);
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MostDepth });
            var root = json.RootElement;
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("complete"u8, out var complete)
                || complete.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
                || !root.TryGetProperty("items"u8, out var list)
                || list.ValueKind != JsonValueKind.Array
                || !root.TryGetProperty("captured_at"u8, out var time)
                || time.ValueKind != JsonValueKind.String
                || !time.TryGetDateTimeOffset(out capturedAt)
            )
            {
                return HubAnswer.Invalid("captured_at must be an ISO-8601 instant, complete true or false, items an array");
            }

            if (!complete.GetBoolean())
            {
                return HubAnswer.Error(400, "incomplete_snapshot", "complete: a capture that is not complete replaces nothing");
            }

            items = list.GetArrayLength() == 0 ? "[]"u8.ToArray() : Encoding.UTF8.GetBytes(list.GetRawText());
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return HubAnswer.Invalid("the body is no JSON object");
        }
    }
}
