using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The side collection. What is sent is older than anything kept, so that it replaces nothing.</summary>
internal static class HangarChecks
{
    private const string Path = "/v1/me/hangar";
    private const string Rule = "Side collection: POST /v1/me/hangar";
    private const string Complete = "{\"captured_at\":\"2000-01-01T00:00:00Z\",\"complete\":true,\"items\":[{\"id\":1}]}";

    public static readonly ImmutableArray<Check> All =
    [
        new("hangar.complete", Rule, "A complete capture is 204, also an old one and the same again", CompleteAsync),
        new("hangar.incomplete", Rule, "An incomplete one is 400 incomplete_snapshot", IncompleteAsync),
        new("hangar.garbage", Rule, "What is no capture is 400 invalid_request", GarbageAsync),
        new("hangar.token", Rule, "It needs a token, and an account that may sync", TokenAsync),
    ];

    private static async Task CompleteAsync(Session s)
    {
        (await s.Main.Caller.PostAsync(Path, Complete)).Is(204);
        (await s.Main.Caller.PostAsync(Path, Complete)).Is(204);
        (await s.Main.Caller.PostAsync(Path, "{}")).Refuses(400, "invalid_request");
    }

    private static async Task IncompleteAsync(Session s) =>
        (await s.Main.Caller.PostAsync(Path, Complete.Replace("true", "false", StringComparison.Ordinal))).Refuses(
            400,
            "incomplete_snapshot"
        );

    private static async Task GarbageAsync(Session s)
    {
        foreach (
            var body in new[]
            {
                "",
                "[]",
                Complete[..^1],
                Complete.Replace("[{\"id\":1}]", "{}", StringComparison.Ordinal),
                Complete.Replace("2000-01-01T00:00:00Z", "yesterday", StringComparison.Ordinal),
                Complete.Replace("true", "\"yes\"", StringComparison.Ordinal),
            }
        )
        {
            (await s.Main.Caller.PostAsync(Path, body)).Refuses(400, "invalid_request");
        }

        (await s.Main.Caller.PostAsync(Path, Complete)).Is(204);
    }

    private static async Task TokenAsync(Session s)
    {
        (await s.Nobody.PostAsync(Path, Complete)).Refuses(401, "token_missing");
        (await s.Nobody.As("a.b.c").PostAsync(Path, Complete)).Refuses(401, "token_invalid");
        if (s.Input.DisabledToken is { } disabled)
        {
            (await s.Nobody.As(disabled).PostAsync(Path, Complete)).Refuses(403, "sync_disabled", "account_restricted");
        }
    }
}
