using System.Collections.Immutable;
using System.Text.Json;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>A journal that was put back to an older state is told so before anything is stored.</summary>
internal static class ClockChecks
{
    private const string Rule = "Push: the clock (409)";

    public static readonly ImmutableArray<Check> All =
    [
        new("clock.regression", Rule, "A clock below the stored stamps with a new operation is 409, and stores nothing", RegressionAsync),
        new("clock.offending", Rule, "offending_lamport_ts is the lowest new own stamp that is not published", OffendingAsync),
        new("clock.absent", Rule, "Without a clock a new stamp must be above the stored ones", AbsentAsync),
        new("clock.known_only", Rule, "Operations that the hub has, or that are published, cause no 409", KnownOnlyAsync),
        new("clock.equal", Rule, "A clock equal to the greatest stored stamp is enough", EqualAsync),
        new("clock.recovery", Rule, "After the shift that a 409 asks for, the same operations are taken", RecoveryAsync),
    ];

    private static async Task RegressionAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var max = s.Main.Clock;
        var ops = s.Main.Sets(3);
        var refused = Refusal(s, await s.Main.SendAsync(ops.Select(o => o.Json), max - 1), max);
        Expect.Equal(ops[0].Stamp, refused.Number("offending_lamport_ts"), "offending_lamport_ts");
        foreach (var op in ops)
        {
            Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of a push that was 409 was stored");
        }

        Expect.Equal(end, (await s.Main.PullAsync(end.Id)).End, "the log's end after a 409");
    }

    private static async Task OffendingAsync(Session s)
    {
        var known = s.Main.Set();
        var (high, low) = (s.Main.Set(), s.Main.Set());
        await s.Main.PushAsync(known, s.Main.Noop());
        var max = s.Main.Clock;
        (high, low) = (high with { Stamp = max + 9 }, low with { Stamp = max + 3 });
        var published = s.Main.Set() with { Stamp = max, Published = true };
        var sent = new[] { known, high, published, low }.Select(o => o.Json);
        Expect.Equal(
            max + 3,
            Refusal(s, await s.Main.SendAsync(sent, max - 1), max).Number("offending_lamport_ts"),
            "offending_lamport_ts"
        );
        s.Main.Skip(9);
    }

    private static async Task AbsentAsync(Session s)
    {
        await s.Main.EndAsync();
        var max = s.Main.Clock;
        var behind = s.Main.Set() with { Stamp = max };
        Expect.Equal(
            max,
            Refusal(s, await s.Main.SendAsync([s.Main.Set().Json, behind.Json], clock: null), max).Number("offending_lamport_ts"),
            "offending_lamport_ts"
        );
        var ahead = s.Main.Sets(2);
        Pushed.Read(await s.Main.SendAsync(ahead.Select(o => o.Json), clock: null)).AllAccepted(2);
    }

    private static async Task KnownOnlyAsync(Session s)
    {
        var op = s.Main.Set();
        await s.Main.PushAsync(op, s.Main.Noop());
        var own = s.Main.Set() with { Stamp = op.Stamp, Published = true };
        var pushed = Pushed.Read(await s.Main.SendAsync([op.Json, own.Json], clock: 1)).AllAccepted(2);
        Expect.That(
            pushed.Of(op.Id).Duplicate && !pushed.Of(own.Id).Duplicate,
            "the known one should be a duplicate, the published one new"
        );
    }

    private static async Task EqualAsync(Session s)
    {
        await s.Main.EndAsync();
        var max = s.Main.Clock;
        var late = s.Main.Set() with { Stamp = Math.Max(1, max - 1) };
        Pushed.Read(await s.Main.SendAsync([late.Json], max)).AllAccepted(1).Of(late.Id);
    }

    private static async Task RecoveryAsync(Session s)
    {
        await s.Main.EndAsync();
        var max = s.Main.Clock;
        var old = new[] { s.Main.Set() with { Stamp = Math.Max(1, max - 2) }, s.Main.Set() with { Stamp = Math.Max(1, max - 1) } };
        var stored = Refusal(s, await s.Main.SendAsync(old.Select(o => o.Json), Math.Max(0, max - 1)), max).Number("stored_max");
        var delta = stored - old[0].Stamp + 1;
        var shifted = old.Select(o => o with { Stamp = o.Stamp + delta }).ToArray();
        var clock = Math.Max(s.Main.Clock, shifted[^1].Stamp);
        var pushed = Pushed.Read(await s.Main.SendAsync(shifted.Select(o => o.Json), clock)).AllAccepted(2);
        Expect.Equal(shifted[0].Stamp, pushed.Of(old[0].Id).Stamp, "the stamp after the shift");
        s.Main.Skip(delta);
    }

    private static JsonElement Refusal(Session s, Answer answer, long storedMax)
    {
        var json = answer.Refuses(409, "lamport_regression");
        Expect.Equal(s.Main.Id, json.Text("device_id"), "device_id of the 409");
        Expect.Equal(storedMax, json.Number("stored_max"), "stored_max");
        return json;
    }
}
