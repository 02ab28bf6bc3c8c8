using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance;

/// <summary>What a hub answered, read to its end.</summary>
/// <param name="Call">Method and path, for reports.</param>
/// <param name="RequestId">The id that the request bore; null when it had none.</param>
/// <param name="Headers">By their names in lower case.</param>
internal sealed record Answer(string Call, string? RequestId, int Status, ImmutableDictionary<string, string> Headers, byte[] Body)
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = 128 };

    /// <summary>The body as JSON.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Body, Depth);
                return document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new CheckFailedException($"{Call} answered {Status} with a body that is no JSON: {e.Message}");
            }
        }
    }

    /// <summary>Null when the answer reports no error, or reports it in the protocol's way; else what is wrong.</summary>
    public string? EnvelopeFault()
    {
        if (Status < 400 || IsPage || Call.StartsWith("HEAD ", StringComparison.Ordinal))
        {
            return null;
        }

        var type = Header("content-type");
        if (!string.Equals(type?.Split(';')[0].Trim(), "application/json", StringComparison.OrdinalIgnoreCase))
        {
            return $"{Call} answered {Status} with Content-Type '{type}' instead of application/json";
        }

        try
        {
            using var document = JsonDocument.Parse(Body, Depth);
            return Text(document.RootElement, "error") && Text(document.RootElement, "message")
                ? null
                : $"{Call} answered {Status} without the envelope of error and message: {Excerpt()}";
        }
        catch (JsonException)
        {
            return $"{Call} answered {Status} with a body that is no JSON: {Excerpt()}";
        }

        static bool Text(JsonElement body, string name) =>
            body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String
            && !string.IsNullOrWhiteSpace(value.GetString());
    }

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public Answer Is(int status)
    {
        Expect.That(Status == status, $"{Call}: expected {status}, found {Status} {Excerpt()}");
        return this;
    }

    /// <summary>A success with a JSON body.</summary>
    public JsonElement Gives(int status = 200)
    {
        Is(status);
        Expect.Equal("application/json", Header("content-type")?.Split(';')[0].Trim().ToLowerInvariant(), $"Content-Type of {Call}");
        return Json;
    }

    /// <summary>A refusal by status and code, in the envelope.</summary>
    public JsonElement Refuses(int status, params string[] codes)
    {
        Is(status);
        Expect.That(EnvelopeFault() is null, EnvelopeFault() ?? "");
        var found = Json.Text("error");
        Expect.That(
            codes.Length == 0 || codes.Contains(found, StringComparer.Ordinal),
            $"{Call}: expected {string.Join(" or ", codes)}, found {found}"
        );
        return Json;
    }

    /// <summary>One of the pages for people, which alone may lead elsewhere and show errors in their own way.</summary>
    public bool IsPage => Call.Split(' ', '?')[1] == "/authorize";

    public string Excerpt() => Encoding.UTF8.GetString(Body, 0, Math.Min(Body.Length, 200));
}

/// <summary>Members that a document must have.</summary>
internal static class Wanted
{
    public static JsonElement Member(this JsonElement json, string name)
    {
        Expect.That(json.ValueKind == JsonValueKind.Object, $"expected an object with '{name}', found {json.ValueKind}");
        return json.TryGetProperty(name, out var value) ? value : throw Expect.Failed($"'{name}' is missing");
    }

    public static string Text(this JsonElement json, string name)
    {
        var value = json.Member(name);
        Expect.That(value.ValueKind == JsonValueKind.String, $"'{name}' must be a text, found {value.ValueKind}");
        return value.TextOf();
    }

    public static string? TextOrNull(this JsonElement json, string name) =>
        json.Member(name).ValueKind == JsonValueKind.Null ? null : json.Text(name);

    public static long Number(this JsonElement json, string name)
    {
        var value = json.Member(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : throw Expect.Failed($"'{name}' must be an integer, found {value}");
    }

    public static bool Truth(this JsonElement json, string name)
    {
        var value = json.Member(name);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Expect.Failed($"'{name}' must be true or false, found {value}");
    }

    public static ImmutableArray<JsonElement> Items(this JsonElement json, string name)
    {
        var value = json.Member(name);
        Expect.That(value.ValueKind == JsonValueKind.Array, $"'{name}' must be an array, found {value.ValueKind}");
        return [.. value.EnumerateArray()];
    }

    /// <summary>A text without its escapes.</summary>
    public static string TextOf(this JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Expect.Failed("a text of the answer has half of a surrogate pair");
        }
    }
}
