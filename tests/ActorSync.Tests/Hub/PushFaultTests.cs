using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>What is wrong with one operation, and what is wrong with the envelope.</summary>
public sealed class PushFaultTests
{
    [Theory]
    [InlineData("operation_id", "\"no uuid\"", "invalid_request")]
    [InlineData("operation_id", "\"00000000-0000-0000-0000-000000000000\"", "invalid_request")]
    [InlineData("operation_id", "7", "invalid_request")]
    [InlineData("lamport_ts", "0", "invalid_request")]
    [InlineData("lamport_ts", "1.5", "invalid_request")]
    [InlineData("lamport_ts", "9007199254740992", "lamport_out_of_range")]
    [InlineData("entity", "\"\"", "invalid_request")]
    [InlineData("entity", "\" \\u00a0\"", "invalid_request")]
    [InlineData("entity", "\"\\ud800\"", "invalid_request")]
    [InlineData("entity_id", "null", "invalid_request")]
    [InlineData("field", "7", "invalid_request")]
    [InlineData("op", "\"upsert\"", "invalid_request")]
    [InlineData("lane", "\"fast\"", "invalid_request")]
    [InlineData("schema", "0", "invalid_request")]
    [InlineData("published", "1", "invalid_request")]
    [InlineData("device_id", "\" \"", "invalid_request")]
    [InlineData("payload", "{\"a\":1,\"a\":2}", "invalid_payload")]
    [InlineData("payload", "\"\\udc00\"", "invalid_payload")]
    [InlineData("payload", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "invalid_payload")]
    public async Task A_fault_of_one_operation_rejects_that_one_alone(string field, string json, string error)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var (bad, good) = (Op.Set(1).Without(field).ToJsonString(), Op.Set(2, "p2"));
        var body = $"{{\"device_id\":\"{device.Id}\",\"clock\":2,\"ops\":[{bad[..^1]},\"{field}\":{json}}},{good.ToJsonString()}]}}";
        var answer = await device.SendAsync(HttpMethod.Post, "/api/v1/sync/ops", new StringContent(body));
        answer.ShouldBe(200);
        answer.Accepted.Single()!.Id().ShouldBe(good.Id());
        var rejected = answer.Rejected.Single()!;
        rejected["error"]!.GetValue<string>().ShouldBe(error);
        rejected["message"]!.GetValue<string>().ShouldStartWith($"{field}: ");
        rejected["index"]!.GetValue<int>().ShouldBe(0);
    }

    [Theory]
    [InlineData("operation_id")]
    [InlineData("lamport_ts")]
    [InlineData("entity")]
    [InlineData("entity_id")]
    [InlineData("op")]
    public async Task A_missing_field_rejects_its_operation(string field)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var rejected = (await device.PushAsync(1, Op.Set(1).Without(field))).ShouldBe(200).Rejected.Single()!;
        rejected["error"]!.GetValue<string>().ShouldBe("invalid_request");
        rejected["message"]!.GetValue<string>().ShouldBe($"{field}: is missing");
    }

    [Fact]
    public async Task Absent_fields_have_their_defaults_and_unknown_ones_are_ignored()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var op = Op.Set(1)
            .Without("field")
            .Without("payload")
            .Without("lane")
            .Without("schema")
            .Without("published")
            .With("mood", new JsonArray(1));
        var body = device.Envelope(1, op);
        body["more"] = new JsonObject { ["device_id"] = "x" };
        (await device.PushAsync(body)).ShouldBe(200).Accepted.Count.ShouldBe(1);
        var stored = (await device.PullAllAsync()).Single();
        stored["field"].ShouldBeNull();
        stored["payload"].ShouldBeNull();
        stored["lane"]!.GetValue<string>().ShouldBe("priority");
        stored["schema"]!.GetValue<int>().ShouldBe(1);
    }

    [Theory]
    [InlineData("", "invalid_request")]
    [InlineData("[]", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"ops\":[}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"ops\":[]} x", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\"}", "invalid_request")]
    [InlineData("{\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":\" \",\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":7,\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"ops\":{}}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"clock\":-1,\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"known\":{\"last_id\":1,\"head\":\"00\"},\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"known\":{\"last_id\":1,\"head\":\"\\ud800\"},\"ops\":[]}", "invalid_request")]
    [InlineData("{\"device_id\":\"device-1\",\"ops\":[],\"ops\":[]}", "invalid_request")]
    public async Task A_fault_of_the_envelope_refuses_the_request(string body, string error)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await device.SendAsync(HttpMethod.Post, "/api/v1/sync/ops", new StringContent(body))).ShouldBe(400, error);
    }

    [Fact]
    public async Task A_push_takes_1024_operations_and_no_more()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var ops = Enumerable.Range(1, 1025).Select(i => Op.Set(i, $"p{i}")).ToArray();
        (await device.PushAsync(1025, ops)).ShouldBe(400, "invalid_request");
        (await device.PushAsync(1025, [.. ops[1..].Select(o => o.DeepClone().AsObject())])).ShouldBe(200).Accepted.Count.ShouldBe(1024);
    }

    [Fact]
    public async Task The_device_of_the_body_is_the_tokens_or_403()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var body = device.Envelope(1, Op.Set(1));
        body["device_id"] = "somebody-else";
        (await device.PushAsync(body)).ShouldBe(403, "device_mismatch");
    }
}
