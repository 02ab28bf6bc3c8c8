using System.Collections.Immutable;
using System.Text;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What holds for every request: paths, methods, bodies, request ids.</summary>
internal static class RequestChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new("requests.unknown_path", "Error codes: 404 not_found", "A path that is none is 404 not_found", UnknownPathAsync),
        new("requests.unknown_method", "Error codes: 405", "A method that a path does not take is 405 with Allow", UnknownMethodAsync),
        new("requests.head", "Error codes: 405", "HEAD has no body and is no fault of the hub", HeadAsync),
        new("requests.garbage", "Error codes: 400 invalid_request", "A body that is no JSON object is 400 invalid_request", GarbageAsync),
        new(
            "requests.unknown_fields",
            "Basics: a reader skips fields that it does not know",
            "Unknown fields are skipped",
            UnknownFieldsAsync
        ),
        new("requests.id_repeated", "Basics: X-Request-Id", "A request's id is repeated, on success and refusal", RequestIdAsync),
        new("requests.id_made_up", "Basics: X-Request-Id", "A request without an id gets one; an unfit one is not repeated", MadeUpIdAsync),
    ];

    private static async Task UnknownPathAsync(Session s)
    {
        foreach (
            var path in new[] { "/", $"/{s.Way.Random(6)}", $"/api/v1/sync/{s.Way.Random(6)}", $"/api/v1/sync/ops/{s.Main.NewId()}/more" }
        )
        {
            (await s.Main.Caller.GetAsync(path)).Refuses(404, "not_found");
        }

        (await s.Main.Caller.GetAsync("/health")).Gives();
    }

    private static async Task UnknownMethodAsync(Session s)
    {
        foreach (
            var (method, path, allowed) in new[]
            {
                ("PUT", "/api/v1/sync/ops", "POST"),
                ("DELETE", "/api/v1/sync/digest", "GET"),
                ("GET", "/api/v1/sync/ack", "POST"),
                ("POST", "/v1/auth/me", "GET"),
                ("POST", "/health", "GET"),
            }
        )
        {
            var answer = await s.Main.Caller.SendAsync(
                new HubRequest(method, path) { Body = method == "DELETE" ? null : "{}"u8.ToArray() }
            );
            answer.Refuses(405, "method_not_allowed");
            Expect.That(
                answer.Header("allow")?.Split(',').Any(a => a.Trim() == allowed) == true,
                $"{answer.Call}: Allow should name {allowed}, found '{answer.Header("allow")}'"
            );
        }
    }

    private static async Task HeadAsync(Session s)
    {
        foreach (var path in new[] { "/health", "/api/v1/sync/ops", "/api/v1/sync/digest" })
        {
            var answer = await s.Main.Caller.SendAsync(new HubRequest("HEAD", path));
            Expect.That(answer.Status is >= 200 and < 300 or 405, $"{answer.Call}: found {answer.Status}");
            Expect.That(answer.Body.Length == 0, $"{answer.Call}: has a body");
        }

        // What was sent after it must not be taken for its answer.
        Expect.Equal(s.Main.Id, (await s.Main.Caller.GetAsync("/v1/auth/me")).Gives().Text("device_id"), "device_id");
    }

    private static async Task GarbageAsync(Session s)
    {
        var bodies = new[] { "", "{", "[]", "null", "7", "{} x", "{\"ops\":[}", "\u0000\u0001" };
        foreach (var path in new[] { "/api/v1/sync/ops", "/api/v1/sync/ack", "/v1/auth/refresh" })
        {
            foreach (var body in bodies)
            {
                (await s.Main.Caller.PostAsync(path, body)).Refuses(400, "invalid_request");
            }

            var broken = new HubRequest("POST", path)
            {
                Body = [(byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}'],
            };
            (await s.Main.Caller.SendAsync(broken)).Refuses(400, "invalid_request");
        }

        var name = new HubRequest("PUT", "/v1/devices/self") { Body = Encoding.UTF8.GetBytes("[]") };
        (await s.Main.Caller.SendAsync(name)).Refuses(400, "invalid_request");
        (await s.Main.PushAsync(s.Main.Noop())).AllAccepted(1);
    }

    private static async Task UnknownFieldsAsync(Session s)
    {
        var op = s.Main.Set();
        var body = s.Main.Envelope([op.JsonWith("later", "{\"a\":[1,{}]}")], s.Main.Clock);
        var pushed = Pushed.Read(await s.Main.SendBodyAsync($"{{\"from_a_later_version\":{{\"ops\":[]}},{body[1..]}"));
        pushed.AllAccepted(1).Of(op.Id);
        (await s.Main.Caller.GetAsync("/api/v1/sync/ops?since=0&limit=1&later=1")).Gives();
    }

    private static async Task RequestIdAsync(Session s)
    {
        foreach (var id in new[] { $"a-Z_0.9:{s.Way.Random(4)}", new string('x', 128) })
        {
            foreach (var path in new[] { "/health", "/v1/auth/me", $"/{s.Way.Random(6)}" })
            {
                var answer = await s.Main.Caller.SendAsync(new HubRequest("GET", path) { RequestId = id });
                Expect.Equal(id, answer.Header("x-request-id"), $"X-Request-Id of {answer.Call}");
            }

            var refused = await s.Nobody.SendAsync(new HubRequest("POST", "/api/v1/sync/ops") { RequestId = id, Body = "{"u8.ToArray() });
            Expect.Equal(id, refused.Header("x-request-id"), $"X-Request-Id of {refused.Call}");
        }
    }

    private static async Task MadeUpIdAsync(Session s)
    {
        foreach (var id in new[] { "", "<b>&\"'", new string('y', 300) })
        {
            var answer = await s.Main.Caller.SendAsync(new HubRequest("GET", "/v1/auth/me") { RequestId = id });
            var found = answer.Header("x-request-id") ?? "";
            Expect.That(
                found.Length is > 0 and <= 128 && found.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':'),
                $"X-Request-Id: '{found}' is empty, too long or has other characters"
            );
        }
    }
}
