using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>Which path means what.</summary>
internal static class HubRoutes
{
    private const string Ops = "/api/v1/sync/ops";

    /// <summary>What needs no token; null for the rest.</summary>
    public static HubAnswer? Open(HubRequest request, HubTokens tokens) =>
        (request.Method, request.Path) switch
        {
            ("GET", "/health") => HubAnswer.Json(
                200,
                new JsonObject
                {
                    ["status"] = "ok",
                    ["version"] = "fake",
                    ["protocol"] = 1,
                }
            ),
            ("GET", "/ready") => HubAnswer.Json(200, new JsonObject { ["status"] = "ok" }),
            ("POST", "/v1/auth/devices/redeem") => WithBody(request, tokens.Redeem),
            ("POST", "/v1/auth/refresh") => WithBody(request, tokens.Renew),
            _ => null,
        };

    public static HubAnswer Authorised(HubRequest request, HubAccount account, HubTokens.Access caller, HubTokens tokens)
    {
        // Whoever has a token of the account is a device of it, also after an older backup was put back.
        if (caller.Device is { } device)
        {
            account.Devices.Add(device);
        }

        return (request.Method, request.Path) switch
        {
            ("POST", Ops) => Push(request, account, caller),
            ("GET", Ops) => Pull(request, account),
            ("GET", var path) when path.StartsWith(Ops + "/", StringComparison.Ordinal) => One(path[(Ops.Length + 1)..], account),
            ("GET", "/api/v1/sync/digest") => Digest(account),
            ("GET", "/api/v1/sync/snapshot") => Snapshot(account),
            ("POST", "/api/v1/sync/ack") => Ack(request, account),
            ("GET", "/v1/auth/me") => Me(account, caller),
            ("POST", "/v1/auth/devices/start") => HubAnswer.Json(200, new JsonObject { ["code"] = tokens.NewCode(account.Name) }),
            ("DELETE", "/v1/auth/devices/self") => Leave(caller, tokens),
            ("POST", "/v1/me/hangar") => Hangar(request),
            _ => HubAnswer.Error(404, "not_found", "no such endpoint"),
        };
    }

    private static HubAnswer Push(HubRequest request, HubAccount account, HubTokens.Access caller)
    {
        if (!FakeHub.TryParse(request.Body, out var body))
        {
            return HubAnswer.Error(400, "invalid_request", "unreadable JSON");
        }

        if (caller.Device is { } device && (string?)body["device_id"] != device)
        {
            return HubAnswer.Error(403, "device_mismatch", "the token is another device's");
        }

        using var document = JsonDocument.Parse(request.Body);
        return account.Push(document.RootElement);
    }

    private static HubAnswer Pull(HubRequest request, HubAccount account)
    {
        var (since, limit) = (Number(request, "since", 0), Number(request, "limit", 500));
        if (since < 0 || limit is < 1 or > 1000)
        {
            return HubAnswer.Error(400, "invalid_request", "since or limit is out of range");
        }

        var known = Number(request, "known_id", since);
        if (since > account.LastId || !account.Knows(known, request.Query.GetValueOrDefault("head")))
        {
            return account.ResyncRequired();
        }

        var rest = account.Log.Where(x => x.Id > since).ToList();
        var page = rest.Take((int)limit).ToList();
        var last = page.Count > 0 ? page[^1].Id : since;
        return HubAnswer.Json(
            200,
            new JsonObject
            {
                ["ops"] = new JsonArray([.. page.Select(static x => x.ToJson())]),
                ["last_id"] = last,
                ["head"] = account.HeadAt(last),
                ["has_more"] = rest.Count > page.Count,
            }
        );
    }

    private static HubAnswer One(string id, HubAccount account) =>
        account.Find(id) is { } operation
            ? HubAnswer.Json(
                200,
                new JsonObject
                {
                    ["id"] = operation.Id,
                    ["lamport_ts"] = operation.Lamport,
                    ["device_id"] = operation.Device,
                }
            )
            : HubAnswer.Error(404, "not_found", "no such operation");

    private static HubAnswer Digest(HubAccount account)
    {
        var merged = account.Merged();
        var entities = new JsonObject();
        foreach (var (entity, digest) in merged.DigestPerEntity)
        {
            entities[entity] = digest;
        }

        return HubAnswer.Json(
            200,
            new JsonObject
            {
                ["cursor"] = account.LastId,
                ["digest"] = merged.Digest,
                ["entities"] = entities,
            }
        );
    }

    private static HubAnswer Snapshot(HubAccount account)
    {
        var names = new[] { "entity", "entity_id", "kind", "register", "value", "lamport_ts", "device_id", "operation_id" };
        var (rows, merged) = (new JsonArray(), account.Merged());
        foreach (var row in merged.SnapshotRows)
        {
            var json = new JsonObject();
            for (var i = 0; i < names.Length; i++)
            {
                json[names[i]] = names[i] switch
                {
                    "value" => row[i].Length == 0 ? null : JsonNode.Parse(row[i]),
                    "lamport_ts" => long.Parse(row[i]),
                    _ => row[i],
                };
            }

            rows.Add(json);
        }

        return HubAnswer.Json(
            200,
            new JsonObject
            {
                ["cursor"] = account.LastId,
                ["head"] = account.Head,
                ["clock"] = account.Log.Select(static x => x.Lamport).DefaultIfEmpty(0).Max(),
                ["count"] = rows.Count,
                ["rows"] = rows,
                ["digest"] = merged.Digest,
            }
        );
    }

    private static HubAnswer Ack(HubRequest request, HubAccount account)
    {
        if (!FakeHub.TryParse(request.Body, out var body) || (long?)body["last_seen_id"] is not { } id || id > account.LastId)
        {
            return HubAnswer.Error(400, "invalid_request", "last_seen_id is none, or beyond the latest");
        }

        account.LastSeen[(string?)body["device_id"] ?? ""] = id;
        return HubAnswer.Empty(204);
    }

    private static HubAnswer Me(HubAccount account, HubTokens.Access caller) =>
        HubAnswer.Json(
            200,
            new JsonObject
            {
                ["account"] = account.Name,
                ["handle"] = $"@{account.Name}",
                ["device_id"] = caller.Device,
                ["token_expires_at"] = caller.ExpiresAt.ToString("yyyy-MM-ddTHH:mm:ssZ"),
            }
        );

    private static HubAnswer Hangar(HubRequest request) =>
        !FakeHub.TryParse(request.Body, out var body) || body["items"] is not JsonArray || (string?)body["captured_at"] is null
            ? HubAnswer.Error(400, "invalid_request", "no snapshot")
        : (bool?)body["complete"] != true ? HubAnswer.Error(400, "incomplete_snapshot", "a part would replace the whole")
        : HubAnswer.Empty(204);

    private static HubAnswer Leave(HubTokens.Access caller, HubTokens tokens)
    {
        tokens.Revoke(x => x.Account == caller.Account && x.Device == caller.Device);
        return HubAnswer.Empty(204);
    }

    private static HubAnswer WithBody(HubRequest request, Func<JsonNode, HubAnswer> handle) =>
        FakeHub.TryParse(request.Body, out var body) ? handle(body) : HubAnswer.Error(400, "invalid_request", "unreadable JSON");

    private static long Number(HubRequest request, string name, long otherwise) =>
        request.Query.TryGetValue(name, out var text) ? (long.TryParse(text, out var number) ? number : -1) : otherwise;
}
