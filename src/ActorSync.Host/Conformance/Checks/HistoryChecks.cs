using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The chain that names a hub's history.</summary>
internal static class HistoryChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new("history.head_of_a_push", "Head", "The head after a push follows from the one before it", HeadOfPushAsync),
        new("history.head_of_the_log", "Head", "The heads of the whole log follow from 32 zero bytes", HeadOfLogAsync),
        new("history.every_pair", "Head", "The hub has every pair that it gave, also of a row that moved", EveryPairAsync),
        new(
            "history.push_known",
            "Push: known (410)",
            "A push that knows another history is 410 history_changed, and stores nothing",
            PushKnownAsync
        ),
    ];

    private static async Task HeadOfPushAsync(Session s)
    {
        var at = await s.Main.EndAsync();
        for (var round = 0; round < 3; round++)
        {
            var ops = s.Main.Sets(3);
            var pushed = (await s.Main.PushAsync(ops)).AllAccepted(3);
            foreach (var (op, id) in ops.Zip(pushed.Accepted.Select(a => a.Id)))
            {
                at = new Pair(id, HistoryChain.Next(at.Head, id, op.Id, op.Stamp));
            }

            Expect.Equal(at, pushed.End, "last_id and head");
        }
    }

    private static async Task HeadOfLogAsync(Session s)
    {
        await s.Main.EndAsync();
        var (at, since) = (new Pair(0, HistoryChain.Start), 0L);
        for (var pages = 0; pages < 20; pages++)
        {
            var page = await s.Main.PullAsync(since);
            Session.Require(page.CompactedUpTo is null, "the beginning of the log is compacted");
            foreach (var op in page.Ops)
            {
                // A row that moved leaves a gap; from there the chain cannot be computed by somebody who comes later.
                if (op.Id != at.Id + 1)
                {
                    Session.Require(at.Id > 0, "the log's first operation has moved");
                    (await s.Main.Caller.GetAsync($"{TestDevice.OpsPath}?since={at.Id}&head={at.Head}&limit=1")).Gives();
                    return;
                }

                at = new Pair(op.Id, HistoryChain.Next(at.Head, op.Id, op.OperationId, op.Stamp));
            }

            Expect.Equal(at, page.End, "last_id and head of a page from the beginning");
            since = page.End.Id;
            if (!page.HasMore)
            {
                return;
            }
        }
    }

    private static async Task EveryPairAsync(Session s)
    {
        var pairs = new List<Pair> { await s.Main.EndAsync() };
        var op = s.Main.Set();
        pairs.Add((await s.Main.PushAsync(op)).End);
        pairs.Add((await s.Main.PushAsync(op with { Stamp = s.Main.Skip(3), Published = true })).End);
        pairs.Add(await s.Main.EndAsync());
        foreach (var pair in pairs)
        {
            (await s.Main.Caller.GetAsync($"{TestDevice.OpsPath}?since={pair.Id}&head={pair.Head}")).Gives();
            Pushed.Read(await s.Main.SendAsync([op.Json], s.Main.Clock, pair)).AllAccepted(1);
        }
    }

    private static async Task PushKnownAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var op = s.Main.Set();
        foreach (
            var known in new[]
            {
                end with
                {
                    Head = s.Way.Random(32),
                },
                end with
                {
                    Id = end.Id + 1_000_000_000,
                },
                end with
                {
                    Id = end.Id - 1,
                },
            }
        )
        {
            var refused = (await s.Main.SendAsync([op.Json], s.Main.Clock, known)).Refuses(410, "resync_required");
            Expect.Equal("history_changed", refused.Text("reason"), "reason");
        }

        Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of a refused push was stored");
        Pushed.Read(await s.Main.SendAsync([op.Json], s.Main.Clock, end)).AllAccepted(1);
    }
}
