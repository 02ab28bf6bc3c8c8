using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ActorSync.Hub.Admin;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>An answer: status and a body, which is JSON but for pages, or none. Errors always carry our envelope.</summary>
internal sealed record HubAnswer : IDisposable
{
    private HubAnswer(int status, JsonBuffer? body) => (Status, Body) = (status, body);

    public int Status { get; }

    /// <summary>Given back to its pool when the answer is sent.</summary>
    public JsonBuffer? Body { get; }

    /// <summary>A 200 whose body comes while it is sent, in gzip when the caller takes that; null when <see cref="Body"/> is all.</summary>
    public Func<Stream, Task>? Source { get; private init; }

    /// <summary>Whatever <see cref="Source"/> holds; given back when the answer is sent or broken off.</summary>
    public IDisposable? Held { get; private init; }

    /// <summary>Seconds.</summary>
    public int? RetryAfter { get; private init; }

    public string? Allow { get; private init; }

    /// <summary>Headers beside those that every answer has.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; private init; } = [];

    /// <summary>Makes something else of the connection; or gives the answer that refuses that. Null when this answer is all.</summary>
    public Func<HttpContext, Task<HubAnswer?>>? Upgrade { get; private init; }

    /// <summary>The rest of the request is not read: the connection ends with the answer.</summary>
    public bool Close { get; private init; }

    public static HubAnswer NoContent() => new(204, null);

    public static HubAnswer Json(JsonBuffer body, int status = 200) => new(status, body);

    public static HubAnswer Json(AdminAnswer answer) => Json(json => JsonSerializer.Serialize(json, answer, AdminJson.Default.AdminAnswer));

    public static HubAnswer Json(Action<Utf8JsonWriter> write, int status = 200) => new(status, Written(write));

    public string ContentType { get; private init; } = "application/json";

    public static HubAnswer Html(int status, string page)
    {
        var body = new JsonBuffer(page.Length);
        return new HubAnswer(status, body.Raw(Encoding.UTF8.GetBytes(page))) { ContentType = "text/html; charset=utf-8" };
    }

    public static HubAnswer Stream(Func<Stream, Task> source, IDisposable held) => new(200, null) { Source = source, Held = held };

    public static HubAnswer Takeover(Func<HttpContext, Task<HubAnswer?>> upgrade) => new(101, null) { Upgrade = upgrade };

    public HubAnswer After(TimeSpan wait) => this with { RetryAfter = Seconds(wait) };

    public HubAnswer With(string header, string value) => this with { Headers = Headers.Add(new(header, value)) };

    /// <param name="more">Fields beside <c>error</c> and <c>message</c>.</param>
    public static HubAnswer Error(
        int status,
        string code,
        string message,
        Action<Utf8JsonWriter>? more = null,
        TimeSpan? retryAfter = null,
        string? allow = null,
        bool close = false
    )
    {
        var body = Written(json =>
        {
            json.WriteStartObject();
            json.WriteString("error"u8, code);
            json.WriteString("message"u8, message);
            more?.Invoke(json);
            json.WriteEndObject();
        });
        return new HubAnswer(status, body)
        {
            RetryAfter = retryAfter is { } wait ? Seconds(wait) : null,
            Allow = allow,
            Close = close,
        };
    }

    public static HubAnswer Invalid(string message) => Error(400, "invalid_request", message);

    public static HubAnswer Unavailable(string message) => Error(503, "unavailable", message, retryAfter: TimeSpan.FromSeconds(1));

    /// <summary>For an answer that is not sent.</summary>
    public void Dispose()
    {
        Body?.Dispose();
        Held?.Dispose();
    }

    private static int Seconds(TimeSpan wait) => (int)Math.Max(1, Math.Ceiling(wait.TotalSeconds));

    private static JsonBuffer Written(Action<Utf8JsonWriter> write)
    {
        var body = new JsonBuffer(512);
        using var json = new Utf8JsonWriter(body);
        write(json);
        json.Flush();
        return body;
    }
}
