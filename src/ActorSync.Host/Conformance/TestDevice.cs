using System.Collections.Immutable;
using System.Text;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance;

/// <summary>A device that pushes and pulls, with a clock of its own.</summary>
internal sealed class TestDevice
{
    public const string OpsPath = "/api/v1/sync/ops";

    private readonly string _entity;
    private int _entities;

    private TestDevice(HubCaller caller, string account, string id, string entity)
    {
        (Caller, Account, Id, _entity) = (caller, account, id, entity);
    }

    public HubCaller Caller { get; }

    public string Account { get; }

    public string Id { get; }

    /// <summary>Not less than any stamp it gave.</summary>
    public long Clock { get; private set; }

    /// <summary>Asks the hub who the token is, and which stamps it has of it already.</summary>
    /// <param name="caller">With a token.</param>
    /// <param name="entity">What the names of its test data begin with.</param>
    public static async Task<TestDevice> JoinAsync(HubCaller caller, string entity)
    {
        var me = (await caller.GetAsync("/v1/auth/me")).Gives();
        var device = new TestDevice(caller, me.Text("account"), me.Text("device_id"), entity);

        // As a journal that was put back to its beginning: either nothing is held of the device yet, or the hub says up to where.
        var first = device.Noop() with
        {
            Stamp = 1,
        };
        var answer = await device.SendAsync([first.Json], clock: 0);
        device.Clock = answer.Status == 409 ? answer.Refuses(409, "lamport_regression").Number("stored_max") : 1;
        Expect.That(answer.Status is 200 or 409, $"the first push: expected 200 or 409, found {answer.Status} {answer.Excerpt()}");
        return device;
    }

    public long NextStamp() => ++Clock;

    /// <summary>So far ahead that it is above whatever this device gave; later stamps are above it.</summary>
    public long Skip(long by) => Clock += by;

    public string NewId() => Caller.Way.NewOperationId();

    /// <summary>A name of an entity that nobody has used.</summary>
    public string NewEntity() => $"{_entity}-{++_entities}";

    public Operation Set(string? entityId = null, string payload = "{\"title\":\"x\"}", string? entity = null) =>
        new()
        {
            Id = NewId(),
            Stamp = NextStamp(),
            Entity = entity ?? _entity,
            EntityId = entityId ?? Caller.Way.Random(8),
            Payload = payload,
        };

    public Operation Noop() => Set(payload: "null") with { Kind = "noop" };

    public ImmutableArray<Operation> Sets(int count) => [.. Enumerable.Range(0, count).Select(_ => Set())];

    /// <summary>Pushes with the clock as it is, and wants 200.</summary>
    public Task<Pushed> PushAsync(params IEnumerable<Operation> ops) => PushJsonAsync(ops.Select(o => o.Json));

    public async Task<Pushed> PushJsonAsync(params IEnumerable<string> ops) => Pushed.Read(await SendAsync(ops, Clock));

    public Task<Answer> SendAsync(IEnumerable<string> ops, long? clock, Pair? known = null, string? deviceId = null) =>
        SendBodyAsync(Envelope(ops, clock, known, deviceId));

    public Task<Answer> SendBodyAsync(string body) => Caller.PostAsync(OpsPath, body);

    public string Envelope(IEnumerable<string> ops, long? clock, Pair? known = null, string? deviceId = null)
    {
        var body = new StringBuilder("{\"device_id\":").Append(JsonText.Quote(deviceId ?? Id));
        if (clock is not null)
        {
            body.Append(",\"clock\":").Append(clock);
        }

        if (known is not null)
        {
            body.Append(",\"known\":{\"last_id\":").Append(known.Id).Append(",\"head\":").Append(JsonText.Quote(known.Head)).Append('}');
        }

        return body.Append(",\"ops\":[").AppendJoin(',', ops).Append("]}").ToString();
    }

    public async Task<Page> PullAsync(long since, int limit = 1000) =>
        Page.Read((await Caller.GetAsync($"{OpsPath}?since={since}&limit={limit}")).Gives());

    /// <summary>Everything behind an id, page by page.</summary>
    /// <exception cref="CheckSkippedException">It is more than a check should read.</exception>
    public async Task<ImmutableArray<LogOp>> PullAllAsync(long since, int most = 20_000)
    {
        var all = ImmutableArray.CreateBuilder<LogOp>();
        while (true)
        {
            var page = await PullAsync(since);
            Expect.That(!page.HasMore || page.End.Id > since, $"the page behind {since} says has_more and does not advance");
            all.AddRange(page.Ops);
            since = page.End.Id;
            if (!page.HasMore)
            {
                return all.ToImmutable();
            }

            if (all.Count >= most)
            {
                throw new CheckSkippedException($"the account has more than {most} operations; give one of its own to the check");
            }
        }
    }

    /// <summary>Null when the hub does not know the operation.</summary>
    public async Task<LogOp.Place?> FindAsync(string operationId)
    {
        var answer = await Caller.GetAsync($"{OpsPath}/{operationId}");
        if (answer.Status == 404)
        {
            answer.Refuses(404, "unknown_operation");
            return null;
        }

        var json = answer.Gives();
        return new LogOp.Place(json.Number("id"), json.Number("lamport_ts"), json.Text("device_id"));
    }

    /// <summary>The end of the account's log, as a push that stores one operation tells it.</summary>
    public async Task<Pair> EndAsync() => (await PushAsync(Noop())).AllAccepted(1).End;
}

/// <summary>One page of the log.</summary>
internal sealed record Page(ImmutableArray<LogOp> Ops, Pair End, bool HasMore, long? CompactedUpTo)
{
    public static Page Read(System.Text.Json.JsonElement json)
    {
        var end = new Pair(json.Number("last_id"), json.Text("head"));
        Expect.Hex(end.Head, "head");
        long? compacted = json.TryGetProperty("compacted_up_to", out _) ? json.Number("compacted_up_to") : null;
        return new Page([.. json.Items("ops").Select(LogOp.Read)], end, json.Truth("has_more"), compacted);
    }
}
