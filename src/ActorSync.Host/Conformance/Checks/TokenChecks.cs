using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Who is let in.</summary>
internal static class TokenChecks
{
    private static readonly (string Method, string Path)[] Doors =
    [
        ("POST", "/api/v1/sync/ops"),
        ("GET", "/api/v1/sync/ops?since=0&limit=1"),
        ("GET", "/api/v1/sync/ops/018f3c5a-7b00-7000-8000-000000000001"),
        ("GET", "/api/v1/sync/snapshot"),
        ("GET", "/api/v1/sync/digest"),
        ("POST", "/api/v1/sync/ack"),
        ("GET", "/v1/auth/me"),
        ("POST", "/v1/auth/devices/start"),
        ("DELETE", "/v1/auth/devices/self"),
        ("GET", "/v1/devices"),
        ("PUT", "/v1/devices/self"),
    ];

    public static readonly ImmutableArray<Check> All =
    [
        new("tokens.missing", "Error codes: 401 token_missing", "Without a token every call is 401 token_missing", MissingAsync),
        new("tokens.foreign", "Error codes: 401 token_invalid", "A token that the hub did not make is 401 token_invalid", ForeignAsync),
        new(
            "tokens.altered",
            "Error codes: 401 token_invalid",
            "A token with another signature, claim or algorithm is refused",
            AlteredAsync
        ),
        new("tokens.expired", "Error codes: 401 token_expired", "A token after its end is 401 token_expired", ExpiredAsync),
        new("tokens.disabled", "Error codes: 403", "An account that may not sync is 403, and still hears who it is", DisabledAsync),
        new(
            "tokens.device_mismatch",
            "Push; Error codes: 403 device_mismatch",
            "A body with another device than the token's is 403",
            MismatchAsync
        ),
    ];

    private static async Task MissingAsync(Session s)
    {
        foreach (var (method, path) in Doors)
        {
            (await s.Nobody.SendAsync(Request(method, path))).Refuses(401, "token_missing");
        }

        (await s.Main.Caller.GetAsync("/v1/auth/me")).Gives();
    }

    private static async Task ForeignAsync(Session s)
    {
        // A well-formed JWT with the claims of nobody here, signed with nobody's key.
        var foreign =
            $"{Part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")}.{Part("{\"sub\":\"x\",\"dev\":\"y\",\"exp\":4102444800}")}.{Part(s.Way.Random(16))}";
        foreach (var (method, path) in Doors)
        {
            (await s.Nobody.As(foreign).SendAsync(Request(method, path))).Refuses(401, "token_invalid");
        }

        foreach (var authorization in new[] { "Bearer", "Bearer x", "Bearer a.b.c", $"Basic {Part("a:b")}" })
        {
            var request = new HubRequest("GET", "/v1/auth/me") { Authorization = authorization };
            (await s.Nobody.SendAsync(request)).Refuses(401, "token_invalid", "token_missing");
        }
    }

    private static async Task AlteredAsync(Session s)
    {
        if (s.Input.Token.Split('.') is not [var header, var claims, var signature])
        {
            throw new CheckSkippedException("the token is no JWT");
        }

        var other = signature[0] == 'A' ? 'B' : 'A';
        var richer = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(claims)).TrimEnd()[..^1] + ",\"exp\":4102444800}";
        foreach (
            var token in new[]
            {
                $"{header}.{claims}.{other}{signature[1..]}",
                $"{header}.{claims}.",
                $"{header}.{claims}",
                $"{header}.{Part(richer)}.{signature}",
                $"{Part("{\"alg\":\"none\",\"typ\":\"JWT\"}")}.{claims}.",
            }
        )
        {
            (await s.Nobody.As(token).GetAsync("/v1/auth/me")).Refuses(401, "token_invalid");
            (await s.Nobody.As(token).GetAsync("/api/v1/sync/ops?since=0&limit=1")).Refuses(401, "token_invalid");
        }
    }

    private static async Task ExpiredAsync(Session s)
    {
        Session.Require(s.Input.ExpiredToken is not null, "needs --expired-token");
        // A hub that fails this must not have revoked the device in the end.
        foreach (var (method, path) in Doors.Where(door => door.Method != "DELETE"))
        {
            (await s.Nobody.As(s.Input.ExpiredToken).SendAsync(Request(method, path))).Refuses(401, "token_expired");
        }
    }

    private static async Task DisabledAsync(Session s)
    {
        Session.Require(s.Input.DisabledToken is not null, "needs --disabled-token");
        var caller = s.Nobody.As(s.Input.DisabledToken);
        var device = (await caller.GetAsync("/v1/auth/me")).Gives().Text("device_id");
        (await caller.GetAsync("/api/v1/sync/ops?since=0&limit=1")).Refuses(403, "sync_disabled", "account_restricted");
        (await caller.GetAsync("/api/v1/sync/digest")).Refuses(403, "sync_disabled", "account_restricted");
        (await caller.GetAsync("/api/v1/sync/snapshot")).Refuses(403, "sync_disabled", "account_restricted");
        var push = $"{{\"device_id\":{JsonText.Quote(device)},\"clock\":1,\"ops\":[{s.Main.Set().Json}]}}";
        (await caller.PostAsync("/api/v1/sync/ops", push)).Refuses(403, "sync_disabled", "account_restricted");
    }

    private static async Task MismatchAsync(Session s)
    {
        var (op, stranger) = (s.Main.Set(), $"stranger-{s.Way.Random(6)}");
        (await s.Main.SendAsync([op.Json], s.Main.Clock, deviceId: stranger)).Refuses(403, "device_mismatch");
        Expect.That(await s.Main.FindAsync(op.Id) is null, "the operation of a push with another device was stored");
        var ack = $"{{\"device_id\":{JsonText.Quote(stranger)},\"last_seen_id\":0}}";
        (await s.Main.Caller.PostAsync("/api/v1/sync/ack", ack)).Refuses(403, "device_mismatch");
    }

    private static HubRequest Request(string method, string path) =>
        new(method, path) { Body = method is "POST" or "PUT" ? "{}"u8.ToArray() : null };

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
