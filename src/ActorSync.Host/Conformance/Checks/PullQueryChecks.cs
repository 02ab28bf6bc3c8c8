using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Where a pull may begin, how much it may ask for, and what it must know.</summary>
internal static class PullQueryChecks
{
    private const string Rule = "Pull: GET /api/v1/sync/ops";

    public static readonly ImmutableArray<Check> All =
    [
        new("pull.query", "Error codes: 400 invalid_request", "A query out of its bounds is 400", QueryAsync),
        new("pull.limit", Rule, "limit bounds a page; absent it is 500, and since is 0", LimitAsync),
        new("pull.beyond", Rule, "A since that the account never reached is 410", BeyondAsync),
        new("pull.history_changed", "Head", "A head that the hub does not have is 410 history_changed", HistoryChangedAsync),
        new("pull.known_id", "Pull: known_id", "The pair may be ahead of since, with its id in known_id", KnownIdAsync),
        new("pull.compacted", Rule, "From within what was compacted a pull is 410 compacted", CompactedAsync),
    ];

    private static async Task QueryAsync(Session s)
    {
        foreach (
            var query in new[]
            {
                "since=-1",
                "since=x",
                "since=1.5",
                "since=99999999999999999999",
                "limit=0",
                "limit=-1",
                "limit=1001",
                "limit=x",
                "head=x",
                $"since=0&head={new string('z', 64)}",
                "known_id=-1",
            }
        )
        {
            (await GetAsync(s, query)).Refuses(400, "invalid_request");
        }

        foreach (var query in new[] { "since=0&limit=1", "limit=1000", "since=0&known_id=0&limit=1", "limit=1&later=x" })
        {
            Page.Read((await GetAsync(s, query)).Gives());
        }
    }

    private static async Task LimitAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        await s.Main.PushAsync(Enumerable.Range(0, 501).Select(_ => s.Main.Noop()));
        Expect.Equal(1, (await s.Main.PullAsync(before.Id, limit: 1)).Ops.Length, "the number of operations at limit 1");
        Expect.Equal(501, (await s.Main.PullAsync(before.Id, limit: 1000)).Ops.Length, "the number of operations at limit 1000");
        var standard = Page.Read((await GetAsync(s, $"since={before.Id}")).Gives());
        Expect.Equal((500, true), (standard.Ops.Length, standard.HasMore), "the number of operations without a limit, and has_more");
        var (whole, zero) = (Page.Read((await GetAsync(s, "limit=1")).Gives()), await s.Main.PullAsync(0, limit: 1));
        Expect.Equal(zero.Ops[0].OperationId, whole.Ops[0].OperationId, "the first operation without since");
    }

    private static async Task BeyondAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var refused = (await GetAsync(s, $"since={end.Id + 1_000_000_000}")).Refuses(410, "resync_required");
        Expect.Equal("history_changed", refused.Text("reason"), "reason");
    }

    private static async Task HistoryChangedAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var wrong = s.Way.Random(32);
        (await GetAsync(s, $"since={end.Id}&head={end.Head}")).Gives();
        Changed(await GetAsync(s, $"since={end.Id}&head={wrong}"));
        Changed(await GetAsync(s, $"since={end.Id - 1}&head={end.Head}"));
        Changed(await GetAsync(s, $"since=0&head={wrong}"));
    }

    private static async Task KnownIdAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var end = (await s.Main.PushAsync(s.Main.Sets(2))).End;
        var page = Page.Read((await GetAsync(s, $"since={before.Id}&known_id={end.Id}&head={end.Head}")).Gives());
        Expect.Equal(2, page.Ops.Length, "the number of operations");
        Changed(await GetAsync(s, $"since={before.Id}&known_id={end.Id}&head={before.Head}"));
        Changed(await GetAsync(s, $"since={before.Id}&known_id={end.Id + 1_000_000_000}&head={end.Head}"));
    }

    private static async Task CompactedAsync(Session s)
    {
        var first = await s.Main.PullAsync(0, limit: 1);
        if (first.CompactedUpTo is not { } compacted)
        {
            throw new CheckSkippedException("nothing of this account's log is compacted");
        }

        Expect.That(first.Ops.IsEmpty || first.Ops[0].Id > compacted, "the first page has an operation that is compacted");
        var refused = (await GetAsync(s, "since=1")).Refuses(410, "resync_required");
        Expect.Equal(("compacted", compacted), (refused.Text("reason"), refused.Number("compacted_up_to")), "reason and compacted_up_to");
        (await GetAsync(s, $"since={compacted}&limit=1")).Gives();
    }

    private static Task<Answer> GetAsync(Session s, string query) => s.Main.Caller.GetAsync($"{TestDevice.OpsPath}?{query}");

    private static void Changed(Answer answer) =>
        Expect.Equal("history_changed", answer.Refuses(410, "resync_required").Text("reason"), $"reason of {answer.Call}");
}
