using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.Tests.Conformance;

internal static partial class Deviations
{
    private static ImmutableArray<(string, string, Func<Deviation>)> OfPulls =>
        [
            ("a page is not sorted", "pull.what_was_pushed", () => Pages(ReversePage)),
            ("a page has no own operations", "pull.what_was_pushed", () => Pages(json => json["ops"] = new JsonArray())),
            ("a page never says that there is more", "pull.pages", () => Pages(json => json["has_more"] = false)),
            ("a page always says that there is more", "pull.end", () => Pages(json => json["has_more"] = true)),
            ("a page's head is that of the log", "pull.pages", () => Pages(json => json["head"] = Other(json["head"]))),
            ("a page's last_id is one too far", "pull.pages", () => Pages(json => json["last_id"] = Number(json["last_id"]) + 1)),
            ("the limit is not looked at", "pull.pages", () => Retarget("limit=2", "limit=1000")),
            ("a limit of 0 is the default", "pull.query", () => Retarget("limit=0", "limit=500")),
            ("a negative since is 0", "pull.query", () => Retarget("since=-1", "since=0")),
            ("a wrong head is not noticed", "pull.history_changed", () => Retarget("&head=", "&nothing=")),
            ("a since beyond the log is the log's end", "pull.beyond", BeyondIsEmpty),
            ("a key ahead of the cursor is not understood", "pull.known_id", () => Retarget("&known_id=", "&nothing=")),
            ("numbers are written anew", "pull.payloads", () => Pages(json => Each(json, "ops", Renumber))),
            ("no field is the field of no name", "pull.names", () => Pages(json => Each(json, "ops", op => op["field"] ??= ""))),
            ("an operation nobody pushed is found", "pull.one_operation", () => Statuses(404, 200)),
            ("an acknowledgement beyond the log is taken", "pull.ack", () => Told204("/api/v1/sync/ack")),
            ("the digest is an old one", "replica.digest_follows", () => Stale("/api/v1/sync/digest")),
            ("the digest has the cursor of now and the rows of before", "merge.greatest_wins", StaleEntities),
            (
                "the digest of the account is another",
                "replica.digest_of_log",
                () => Digests(json => json["digest"] = Other(json["digest"]))
            ),
            ("a snapshot lacks a row", "replica.snapshot_of_log", () => Snapshots(json => json["rows"]!.AsArray().RemoveAt(0))),
            ("a snapshot's count is another", "replica.snapshot_shape", () => Snapshots(json => json["count"] = Number(json["count"]) + 1)),
            ("a snapshot's rows have another operation", "replica.snapshot_rows", () => Snapshots(json => Each(json, "rows", Rewrite))),
            (
                "a snapshot's cursor is behind",
                "replica.snapshot_resumes",
                () => Snapshots(json => json["cursor"] = Number(json["cursor"]) - 1)
            ),
            ("a snapshot's rows are not sorted", "replica.snapshot_shape", () => Snapshots(SwapRows)),
            (
                "the first frame is a greeting",
                "socket.first_frame",
                () => new Deviation { Frame = (n, frame) => n == 0 ? "{\"type\":\"hello\"}"u8.ToArray() : frame }
            ),
            ("a frame tells another head", "socket.wakes", () => new Deviation { Frame = (_, frame) => Frame(frame) }),
            ("another account finds the operation", "isolation.log", FoundByAll),
        ];

    private static Deviation Retarget(string from, string to) =>
        new() { Ask = asked => asked with { Target = asked.Target.Replace(from, to, StringComparison.Ordinal) } };

    private static Deviation Digests(Action<JsonObject> change) => Answering(a => a.Path == "/api/v1/sync/digest", change);

    private static Deviation Snapshots(Action<JsonObject> change) => Answering(a => a.Path == "/api/v1/sync/snapshot", change);

    private static void ReversePage(JsonObject json) =>
        json["ops"] = new JsonArray([.. json["ops"]!.AsArray().Select(o => o!.DeepClone()).Reverse()]);

    private static void SwapRows(JsonObject json)
    {
        var rows = json["rows"]!.AsArray();
        var last = rows[^1]!.DeepClone();
        rows.RemoveAt(rows.Count - 1);
        rows.Insert(0, last);
    }

    private static void Renumber(JsonObject op)
    {
        if (op["payload"] is JsonValue value && value.ToJsonString() == "1.0")
        {
            op["payload"] = 1;
        }
    }

    private static void Rewrite(JsonObject row) => row["operation_id"] = "018f3c5a-7b00-7000-8000-000000000001";

    private static Deviation Told204(string path) =>
        new() { Instead = asked => asked.Path == path && asked.Body.Length > 0 ? NoContent(asked) : null };

    private static Told NoContent(Asked asked) =>
        new(204, ImmutableDictionary<string, string>.Empty.Add("x-request-id", asked.Header("x-request-id") ?? "x"), []);

    private static Deviation Stale(string path)
    {
        Told? first = null;
        return new Deviation { Tell = (asked, told) => asked.Path == path ? first ??= told : told };
    }

    // As a hub does that folds its log into the replica later, and says that it is done.
    private static Deviation StaleEntities() => Digests(json => json["entities"] = new JsonObject());

    private static Deviation BeyondIsEmpty() =>
        new()
        {
            Tell = (asked, told) =>
                IsPull(asked) && told.Status == 410
                    ? told with
                    {
                        Status = 200,
                        Body = Encoding.UTF8.GetBytes(
                            $"{{\"ops\":[],\"last_id\":1,\"head\":\"{new string('0', 64)}\",\"has_more\":false}}"
                        ),
                    }
                    : told,
        };

    private static byte[] Frame(byte[] frame) => Parse(frame) is { } json ? Bytes(json, f => f["head"] = Other(f["head"])) : frame;

    // The first caller's token opens every door behind which one operation is looked up.
    private static Deviation FoundByAll()
    {
        string? first = null;
        return new Deviation
        {
            Ask = asked =>
            {
                first ??= asked.Header("authorization");
                return first is not null && asked.Path.StartsWith(Ops + "/", StringComparison.Ordinal)
                    ? asked with
                    {
                        Headers = asked.Headers.SetItem("authorization", first),
                    }
                    : asked;
            },
        };
    }
}
