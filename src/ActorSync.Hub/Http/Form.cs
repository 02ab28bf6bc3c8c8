using System.Text.Json;

namespace ActorSync.Hub.Http;

/// <summary>A small JSON object of texts and numbers.</summary>
internal sealed class Form
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);

    /// <summary>Null when it is no JSON object. What is neither is left out.</summary>
    public static Form? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var form = new Form();
            foreach (var field in json.RootElement.EnumerateObject())
            {
                if (field.Value.ValueKind == JsonValueKind.String)
                {
                    form._texts[field.Name] = field.Value.GetString()!;
                }
                else if (field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt64(out var number))
                {
                    form._numbers[field.Name] = number;
                }
            }

            return form;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Null when it is missing, blank, or longer in UTF-8 than <paramref name="mostBytes"/>.</summary>
    public string? Text(string name, int mostBytes) =>
        _texts.TryGetValue(name, out var text)
        && !string.IsNullOrWhiteSpace(text)
        && System.Text.Encoding.UTF8.GetByteCount(text) <= mostBytes
            ? text
            : null;

    /// <summary>Null when it is missing or no integer.</summary>
    public long? Number(string name) => _numbers.TryGetValue(name, out var number) ? number : null;
}
