using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance.Oracle;

/// <summary>The one spelling of a JSON value, written from the document ("Canonical JSON"), not from the product.</summary>
internal static class CanonicalText
{
    public static string Of(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    public static string Of(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 128 });
        return Of(document.RootElement);
    }

    /// <summary>Compares by the bytes of the UTF-8.</summary>
    public static int Compare(string one, string other) =>
        Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other));

    private static void Write(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = value.EnumerateObject().Select(m => (m.Name, m.Value)).ToList();
                members.Sort((a, b) => Compare(a.Name, b.Name));
                WriteAll(
                    text,
                    '{',
                    members,
                    '}',
                    m =>
                    {
                        Quote(text, m.Name);
                        text.Append(':');
                        Write(text, m.Value);
                    }
                );
                break;
            case JsonValueKind.Array:
                WriteAll(text, '[', value.EnumerateArray(), ']', item => Write(text, item));
                break;
            case JsonValueKind.String:
                Quote(text, value.TextOf());
                break;
            default:
                // Numbers as they were written; true, false and null have one spelling.
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void WriteAll<T>(StringBuilder text, char open, IEnumerable<T> items, char close, Action<T> write)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            write(item);
        }

        text.Append(close);
    }

    private static void Quote(StringBuilder text, string plain)
    {
        text.Append('"');
        foreach (var c in plain)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append($"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
