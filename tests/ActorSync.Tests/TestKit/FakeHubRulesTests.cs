using System.Text.Json;
using System.Text.Json.Nodes;
using ActorSync.TestKit.Hubs;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.TestKit;

/// <summary>The oracle against the protocol's rules, one by one.</summary>
public sealed class FakeHubRulesTests
{
    private const string A = "device-a";
    private const string B = "device-b";

    private readonly HubAccount _hub = new("ada");

    [Fact]
    public void An_unknown_operation_is_stored_and_a_known_one_keeps_its_stamp()
    {
        Push(A, 5, Op(1, 5)).ShouldBe((200, "1:1:5:new"));
        Push(A, 9, Op(1, 9)).ShouldBe((200, "1:1:5:dup"));
        _hub.Applied.Count.ShouldBe(1);
    }

    [Fact]
    public void Other_content_under_a_known_id_is_a_conflict_and_lane_and_stamp_are_no_content()
    {
        Push(A, 5, Op(1, 5));
        Push(A, 6, Op(1, 5, value: "\"other\"")).ShouldBe((200, "1!operation_conflict"));
        Push(A, 6, Op(1, 6, lane: "bulk")).ShouldBe((200, "1:1:5:dup"));
    }

    [Fact]
    public void A_clock_below_the_stored_max_is_refused_before_anything_is_stored()
    {
        Push(A, 7, Op(1, 7));
        Push(A, 6, Op(2, 6), Op(3, 3)).ShouldBe((409, "lamport_regression max 7 lowest 3"));
        Push(A, 6, Op(1, 7)).ShouldBe((200, "1:1:7:dup"), "nothing new: no regression");
        Push(A, 7, Op(2, 6)).ShouldBe((200, "2:2:6:new"), "stamps may arrive in any order");
        Push(B, 1, Op(4, 1)).ShouldBe((200, "4:3:1:new"), "the max is the device's own");
    }

    [Fact]
    public void Without_a_clock_the_strict_rule_holds()
    {
        Push(A, null, Op(1, 7));
        Push(A, null, Op(2, 7)).Status.ShouldBe(409);
        Push(A, null, Op(2, 8)).Status.ShouldBe(200);
    }

    [Fact]
    public void Later_operations_of_a_refused_key_are_blocked_by_it()
    {
        _hub.Refuse = x => x.Payload == "\"bad\"" ? ("invalid_payload", "bad") : null;
        Push(A, 9, Op(1, 1, "x", "\"bad\""), Op(2, 2, "x"), Op(3, 3, "y")).ShouldBe((200, "3:1:3:new 1!invalid_payload 2!blocked<1"));
    }

    [Fact]
    public void A_relayed_operation_needs_a_known_origin_and_never_meets_a_regression()
    {
        Push(A, 9, Op(1, 4, device: B, published: true)).ShouldBe((200, "1!unknown_origin"));
        Push(B, 9, Op(2, 9));
        Push(A, 1, Op(1, 4, device: B, published: true)).ShouldBe((200, "1:2:4:new"));
        Push(A, 9, Op(3, 4, device: B)).ShouldBe((200, "3!unknown_origin"), "not published");
    }

    [Fact]
    public void A_published_higher_stamp_raises_the_row_and_moves_it_to_the_end()
    {
        Push(A, 2, Op(1, 1), Op(2, 2));
        Push(A, 8, Op(1, 8, published: true)).ShouldBe((200, "1:3:8:dup"));
        _hub.Log.Select(static x => x.Id).ShouldBe([2, 3]);
        Push(A, 8, Op(1, 3, published: true)).ShouldBe((200, "1:3:8:dup"));
        _hub.Applied.Count.ShouldBe(2);
    }

    [Fact]
    public void A_restored_hub_does_not_know_the_newer_history()
    {
        Push(A, 1, Op(1, 1));
        var backup = _hub.Copy();
        Push(A, 2, Op(2, 2));
        var (id, head) = (_hub.LastId, _hub.Head);
        _hub.Knows(id, head).ShouldBeTrue();
        backup.Knows(id, head).ShouldBeFalse();
        backup.Knows(1, _hub.HeadAt(1)).ShouldBeTrue();

        backup.Push(Body(A, 3, [Op(3, 3)]));
        backup.Knows(id, head).ShouldBeFalse("the id is there again, with another head");
        var known = new JsonObject { ["last_id"] = id, ["head"] = head };
        Read(backup.Push(Body(A, 4, [Op(4, 4)], known))).Status.ShouldBe(410);
    }

    [Theory]
    [InlineData("""{"ops":[]}""")]
    [InlineData("""{"device_id":" ","ops":[]}""")]
    [InlineData("""{"device_id":"a"}""")]
    public void A_bad_envelope_is_400(string body)
    {
        using var json = JsonDocument.Parse(body);
        _hub.Push(json.RootElement).Status.ShouldBe(400);
    }

    [Fact]
    public void Faults_of_one_operation_are_its_own()
    {
        var far = (1L << 32) + 10;
        Push(
                A,
                far,
                Op(1, 1),
                Op(2, 0, "a"),
                Op(3, far, "b"),
                Op(4, 2, " "),
                Op(5, 5, "c", $"\"{new string('x', 1 << 20)}\""),
                Op(6, 6),
                Op(7, 7, "a")
            )
            .ShouldBe((200, "1:1:1:new 6:2:6:new 2!lamport_out_of_range 3!lamport_out_of_range 4!invalid_request 5!too_large 7!blocked<2"));
    }

    [Fact]
    public void Any_order_of_the_same_operations_merges_to_the_same_digest()
    {
        var operations = new List<HubOperation>();
        var random = new Random(4);
        for (var i = 1; i <= 60; i++)
        {
            var op = random.Next(6) switch
            {
                0 => Op(i, random.Next(1, 9), "x", "null", op: "delete"),
                1 => Op(i, random.Next(1, 9), "x", "null", op: "delete", field: "name"),
                2 => Op(i, random.Next(1, 9), "x", $$"""{"name":{{i}},"z":null}"""),
                3 => Op(i, random.Next(1, 9), "y", $"[{i}]"),
                _ => Op(i, random.Next(1, 9), "x", $"{i}", field: "name"),
            };
            using var json = JsonDocument.Parse(op.ToJsonString());
            operations.Add(HubOperation.Read(json.RootElement, random.Next(2) == 0 ? A : B).Operation!);
        }

        var digest = MergedState.Of(operations).Digest;
        for (var i = 0; i < 50; i++)
        {
            var shuffled = operations.ToArray();
            random.Shuffle(shuffled);
            MergedState.Of(shuffled).Digest.ShouldBe(digest);
        }

        var newer = operations[0] with { Lamport = 99, Op = "delete", Field = null };
        (MergedState.Of([.. operations, newer]).Digest == digest).ShouldBeFalse();
    }

    [Fact]
    public void A_tombstone_kills_what_is_older_and_lets_the_newer_live()
    {
        Push(A, 9, Op(1, 1, "x", """{"old":1}"""), Op(2, 2, "x", "null", op: "delete"), Op(3, 3, "x", """{"new":1}"""));
        _hub.Merged()
            .AllRows.Select(static x => string.Join(' ', x))
            .ToList()
            .ShouldBe(["note x D   2 device-a", "note x R new 1 3 device-a"]);
    }

    [Theory]
    [InlineData("""{"b":1,"a":{"d":[1, 2],"c":null}}""", """{"a":{"c":null,"d":[1,2]},"b":1}""")]
    [InlineData("""{"￼":1,"😀":2}""", """{"￼":1,"😀":2}""")]
    [InlineData("\"\\u0041\\n\\u001f\\/é\"", "\"A\\n\\u001f/é\"")]
    [InlineData("{ }", "{}")]
    public void Canonical_json_has_sorted_keys_and_no_blanks(string json, string expected)
    {
        using var document = JsonDocument.Parse(json);
        CanonicalValue.Of(document.RootElement).ShouldBe(expected);
    }

    private static string Id(int number) => $"01890000-0000-7000-8000-{number:d12}";

    private static JsonObject Op(
        int number,
        long lamport,
        string entityId = "x",
        string value = "1",
        string op = "set",
        string? field = null,
        string? device = null,
        bool published = false,
        string lane = "priority"
    ) =>
        new()
        {
            ["operation_id"] = Id(number),
            ["lamport_ts"] = lamport,
            ["entity"] = "note",
            ["entity_id"] = entityId,
            ["field"] = field,
            ["op"] = op,
            ["payload"] = JsonNode.Parse(value),
            ["lane"] = lane,
            ["schema"] = 1,
            ["published"] = published,
            ["device_id"] = device,
        };

    private static JsonElement Body(string device, long? clock, JsonObject[] ops, JsonObject? known = null)
    {
        var body = new JsonObject
        {
            ["device_id"] = device,
            ["ops"] = new JsonArray([.. ops]),
            ["known"] = known,
        };
        if (clock is { } number)
        {
            body["clock"] = number;
        }

        return JsonSerializer.SerializeToElement(body);
    }

    private (int Status, string Text) Push(string device, long? clock, params JsonObject[] ops) =>
        Read(_hub.Push(Body(device, clock, ops)));

    // number:id:stamp:new|dup for the accepted, number!error<by for the rejected.
    private static (int Status, string Text) Read(HubAnswer answer)
    {
        var body = JsonNode.Parse(answer.Body)!;
        static int Number(JsonNode? id) => int.Parse(((string)id!)[^12..]);
        var text = answer.Status switch
        {
            200 => string.Join(
                ' ',
                body["accepted"]!
                    .AsArray()
                    .Select(x => $"{Number(x!["operation_id"])}:{x["id"]}:{x["lamport_ts"]}:{((bool)x["duplicate"]! ? "dup" : "new")}")
                    .Concat(
                        body["rejected"]!
                            .AsArray()
                            .Select(x => $"{Number(x!["operation_id"])}!{x["error"]}{(x["by"] is { } by ? $"<{Number(by)}" : "")}")
                    )
            ),
            409 => $"{body["error"]} max {body["stored_max"]} lowest {body["offending_lamport_ts"]}",
            _ => (string)body["error"]!,
        };
        return (answer.Status, text);
    }
}
