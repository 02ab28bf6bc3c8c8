using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>Every way in which a hub, or what stands before it, may fail a request.</summary>
public abstract record Misbehaviour
{
    private Misbehaviour() { }

    /// <summary>True: the request is done first, and only its answer is spoilt.</summary>
    public bool AfterCommit { get; init; }

    /// <summary>Any answer: HTML with 200, a foreign 401, an empty 403, …</summary>
    public sealed record Answers(HubAnswer Answer) : Misbehaviour;

    /// <summary>The body ends in the middle though its length said otherwise. Always after the commit.</summary>
    public sealed record Truncated(int AfterBytes) : Misbehaviour;

    /// <summary>Stores all, names only the first so many. Always after the commit.</summary>
    public sealed record NamesOnly(int Count) : Misbehaviour;

    /// <summary>Stores nothing and names ids that nobody sent.</summary>
    public sealed record NamesForeign : Misbehaviour;

    /// <summary>The connection breaks: before anything was done, or after the commit.</summary>
    public sealed record Resets : Misbehaviour;

    /// <summary>No answer ever comes.</summary>
    public sealed record Swallows : Misbehaviour;

    /// <summary>The right answer, late.</summary>
    public sealed record Late(TimeSpan By) : Misbehaviour;

    /// <summary>The request arrives twice; the caller gets the second answer.</summary>
    public sealed record Duplicated : Misbehaviour;

    public static Misbehaviour Html200 => new Answers(HubAnswer.Html(200));

    public static Misbehaviour Regression(long storedMax) =>
        new Answers(
            HubAnswer.Json(
                409,
                new JsonObject
                {
                    ["error"] = "lamport_regression",
                    ["message"] = "the clock went back",
                    ["device_id"] = "",
                    ["stored_max"] = storedMax,
                    ["offending_lamport_ts"] = 1,
                }
            )
        );

    public static Misbehaviour UnknownConflict => new Answers(HubAnswer.Json(409, new JsonObject { ["detail"] = "version mismatch" }));

    public static Misbehaviour Resync =>
        new Answers(
            HubAnswer.Json(
                410,
                new JsonObject
                {
                    ["error"] = "resync_required",
                    ["message"] = "gone",
                    ["reason"] = "history_changed",
                }
            )
        );

    public static Misbehaviour RefusesWhole(int status = 400) =>
        new Answers(HubAnswer.Error(status, "invalid_request", "something in it is wrong"));

    public static Misbehaviour TooLarge =>
        new Answers(
            HubAnswer.Json(
                413,
                new JsonObject
                {
                    ["error"] = "too_large",
                    ["message"] = "too large",
                    ["limit_bytes"] = 4 << 20,
                }
            )
        );

    public static Misbehaviour NoGzip => new Answers(HubAnswer.Error(415, "unsupported_encoding", "identity only"));

    public static Misbehaviour Auth(int status, string code) => new Answers(HubAnswer.Error(status, code, code.Replace('_', ' ')));

    /// <param name="retryAfter">As it stands in the header: seconds, a date, or nonsense; null for none.</param>
    public static Misbehaviour Busy(int status, string? retryAfter = null)
    {
        var answer = HubAnswer.Error(status, status == 429 ? "throttled" : "unavailable", "later");
        return new Answers(retryAfter is null ? answer : answer.With("Retry-After", retryAfter));
    }

    public static Misbehaviour RedirectsTo(string url) => new Answers(HubAnswer.Empty(307).With("Location", url));
}
