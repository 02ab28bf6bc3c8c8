using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>One request as a hub sees it: no transport, no compression.</summary>
/// <param name="Body">Decompressed already.</param>
public sealed record HubRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Query,
    string? Bearer,
    byte[] Body,
    bool Gzip = false
)
{
    public bool IsPush => Method == "POST" && Path == "/api/v1/sync/ops";

    public bool IsPull => Method == "GET" && Path == "/api/v1/sync/ops";
}

/// <summary>One answer, before the wire has done anything to it.</summary>
public sealed record HubAnswer(int Status, byte[] Body, string? ContentType)
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static HubAnswer Json(int status, JsonNode body) => new(status, Encoding.UTF8.GetBytes(body.ToJsonString()), "application/json");

    public static HubAnswer Error(int status, string error, string message) =>
        Json(status, new JsonObject { ["error"] = error, ["message"] = message });

    public static HubAnswer Empty(int status) => new(status, [], null);

    public static HubAnswer Html(int status) =>
        new(status, "<!doctype html><title>Welcome</title><h1>Sign in to the network</h1>"u8.ToArray(), "text/html; charset=utf-8");

    public HubAnswer With(string header, string value) =>
        this with
        {
            Headers = new Dictionary<string, string>(Headers, StringComparer.Ordinal) { [header] = value },
        };
}

/// <summary>What becomes of a request: an answer, perhaps late, perhaps broken on its way, perhaps none.</summary>
/// <param name="Answer">Null: no answer comes.</param>
public sealed record HubReaction(HubAnswer? Answer)
{
    public TimeSpan Delay { get; init; }

    /// <summary>The connection breaks instead of the answer (or, with a cut answer, in the middle of it).</summary>
    public bool Reset { get; init; }

    /// <summary>Only so many bytes of the body come, then the connection ends.</summary>
    public int? CutAfter { get; init; }
}

/// <summary>One request and what was done with it, for assertions.</summary>
/// <param name="At">The hub's time since it began.</param>
/// <param name="OperationIds">Those of a push, in order.</param>
/// <param name="Clock">That of a push.</param>
/// <param name="Committed">The hub stored what it accepted, whatever it then answered.</param>
public sealed record HubExchange(
    TimeSpan At,
    HubRequest Request,
    IReadOnlyList<string> OperationIds,
    long? Clock,
    int? Status,
    bool Committed,
    Misbehaviour? Misbehaviour
)
{
    /// <summary>The operations that the answer named, accepted, rejected or on a page of the log, as it left the hub.</summary>
    public IReadOnlyList<string> NamedIds { get; init; } = [];
}
