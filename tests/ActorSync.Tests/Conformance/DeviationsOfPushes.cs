using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.Tests.Conformance;

internal static partial class Deviations
{
    private static ImmutableArray<(string, string, Func<Deviation>)> OfPushes =>
        [
            ("the answer to a push has no last_id", "push.stores_in_order", () => Pushes(json => json.Remove("last_id"))),
            (
                "ids are renumbered",
                "push.stores_in_order",
                () => Pushes(json => Each(json, "accepted", a => a["id"] = Number(a["id"]) + 1))
            ),
            ("the accepted come in another order", "push.stores_in_order", () => Pushes(Reverse)),
            (
                "the receipt counts one batch",
                "push.receipt",
                () => Pushes(json => json["receipt"]!["count"] = json["accepted"]!.AsArray().Count)
            ),
            ("a regression is taken", "clock.regression", () => Statuses(409, 200)),
            ("a regression is told without stored_max", "clock.recovery", () => Answering(IsPush, json => json.Remove("stored_max"))),
            ("the offending stamp is the highest", "clock.offending", () => Answering(IsPush, Raise)),
            ("a clock is not looked at", "clock.regression", () => Asking(IsPush, json => json["clock"] = (1L << 53) - 1)),
            ("without a clock anything is taken", "clock.absent", () => Asking(IsPush, json => json["clock"] ??= (1L << 53) - 1)),
            ("duplicates are not told", "known.duplicate", () => Pushes(json => Each(json, "accepted", a => a["duplicate"] = false))),
            ("a duplicate is told the stamp it was sent with", "known.stored_stamp", StampsAsSent),
            ("a conflict is called a duplicate", "known.conflict", AcceptConflicts),
            (
                "a published stamp is not raised",
                "known.raise",
                () => Asking(IsPush, json => Each(json, "ops", op => op.Remove("published")))
            ),
            ("a raised row keeps its id", "known.raise", OldIds),
            ("blocked does not say by what", "rejected.blocked", () => Pushes(json => Each(json, "rejected", r => r["by"] = null))),
            ("a blocked operation is called acceptable", "rejected.blocked", () => Pushes(Unblock)),
            ("one fault refuses the batch", "rejected.invalid_request", RefuseWhole),
            ("a rejection has no index", "rejected.unreadable_id", () => Pushes(json => Each(json, "rejected", r => r.Remove("index")))),
            (
                "strangers are taken for the caller",
                "relay.unknown_origin",
                () => Asking(IsPush, json => Each(json, "ops", op => op.Remove("device_id")))
            ),
            ("a relayed operation gets the relayer's name", "relay.keeps_origin", OriginsLost),
            ("the body's device is not looked at", "tokens.device_mismatch", () => Asking(IsPush, json => json["device_id"] = "device-a")),
            ("another history is not noticed", "history.push_known", () => Asking(IsPush, json => json.Remove("known"))),
            ("the head of a push is another", "history.head_of_a_push", () => Pushes(json => json["head"] = Other(json["head"]))),
            ("410 comes as 400", "push.order_of_checks", () => Statuses(410, 400)),
            ("only the first thousand operations are kept", "limits.operations", () => Asking(IsPush, Cut)),
        ];

    private static void Each(JsonObject json, string name, Action<JsonObject> change)
    {
        foreach (var item in json[name] is JsonArray items ? items.OfType<JsonObject>() : [])
        {
            change(item);
        }
    }

    private static void Reverse(JsonObject json)
    {
        var turned = json["accepted"]!.AsArray().Select(a => a!.DeepClone()).Reverse().ToArray();
        json["accepted"] = new JsonArray(turned);
    }

    private static void Raise(JsonObject json)
    {
        if (json["offending_lamport_ts"] is { } offending)
        {
            json["offending_lamport_ts"] = Number(offending) + 6;
        }
    }

    private static void Cut(JsonObject json)
    {
        if (json["ops"] is JsonArray ops)
        {
            while (ops.Count > 1000)
            {
                ops.RemoveAt(1000);
            }
        }
    }

    private static Deviation StampsAsSent() =>
        new()
        {
            Tell = (asked, told) =>
            {
                if (!IsPush(asked) || told.Status != 200 || Parse(asked.Body)?["ops"] is not JsonArray ops)
                {
                    return told;
                }

                var sent = ops.OfType<JsonObject>().ToDictionary(o => Text(o["operation_id"]), o => Number(o["lamport_ts"]));
                return Changed(told, json => Each(json, "accepted", a => a["lamport_ts"] = sent[Text(a["operation_id"])]));
            },
        };

    private static Deviation AcceptConflicts() =>
        Pushes(json =>
        {
            foreach (var refused in json.Items("rejected").Where(r => Text(r["error"]) == "operation_conflict").ToArray())
            {
                json["rejected"]!.AsArray().Remove(refused);
                json["accepted"]!
                    .AsArray()
                    .Add(
                        new JsonObject
                        {
                            ["operation_id"] = Text(refused["operation_id"]),
                            ["id"] = Number(json["last_id"]),
                            ["lamport_ts"] = 1,
                            ["duplicate"] = true,
                        }
                    );
            }
        });

    private static void Unblock(JsonObject json)
    {
        foreach (var refused in json.Items("rejected").Where(r => Text(r["error"]) == "blocked").ToArray())
        {
            json["rejected"]!.AsArray().Remove(refused);
        }
    }

    private static Deviation OldIds()
    {
        var first = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        return Pushes(json => Each(json, "accepted", a => a["id"] = first.GetOrAdd(Text(a["operation_id"]), Number(a["id"]))));
    }

    private static Deviation RefuseWhole() =>
        new()
        {
            Tell = (asked, told) =>
                IsPush(asked) && Parse(told.Body)?["rejected"] is JsonArray { Count: > 0 }
                    ? told with
                    {
                        Status = 400,
                        Body = Encoding.UTF8.GetBytes("{\"error\":\"invalid_request\",\"message\":\"one of them\"}"),
                    }
                    : told,
        };

    private static Deviation OriginsLost() => Pages(json => Each(json, "ops", op => op["device_id"] = "device-a"));
}
