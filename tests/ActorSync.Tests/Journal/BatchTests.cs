using System.Text;
using System.Text.Json;
using ActorSync.Journal;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

public sealed class BatchTests : IDisposable
{
    private const int Bytes = 64 << 10;

    private readonly JournalRig _rig = new JournalRig().Start();

    [Fact]
    [Trait("criterion", "D12")]
    public void A_batch_keeps_to_its_bytes_whatever_the_texts_are_and_the_first_always_goes()
    {
        // Control characters grow sixfold in JSON.
        var nasty = new string('\u0001', 300);
        _rig.Enqueue([
            .. Enumerable
                .Range(0, 200)
                .Select(i => new NewOperation
                {
                    Entity = new string('e', 200),
                    EntityId = nasty + i,
                    Field = new string('\u0002', 200),
                    Payload = Encoding.UTF8.GetBytes($"\"{new string('p', i * 3)}\""),
                }),
        ]);
        var pass = _rig.Open(Lane.Priority);
        var count = 0;
        while (_rig.Read(Lane.Priority, pass, 500, Bytes) is { } batch)
        {
            batch.Body.Length.ShouldBeLessThanOrEqualTo(Bytes);
            batch.Count.ShouldBeGreaterThan(3);
            count += batch.Count;
            _rig.Settle(pass, batch, JournalRig.AcceptAll(batch));
            _rig.Release(pass, batch);
        }

        count.ShouldBe(200);
    }

    [Fact]
    [Trait("criterion", "D12")]
    public void An_operation_of_1_MiB_goes_alone()
    {
        var large = $"\"{new string('x', OperationRules.MaxPayloadBytes - 2)}\"";
        _rig.Enqueue(JournalRig.Set("a", large), JournalRig.Set("b"));
        _rig.Ask<Refused>(to => new EnqueueMany([JournalRig.Set("c", large + " ")], null, to)).Field.ShouldBe("payload");
        var batch = _rig.Read(Lane.Priority, _rig.Open(Lane.Priority), 500, Bytes)!;
        batch.Count.ShouldBe(1);
        using var body = JsonDocument.Parse(batch.Body);
        body.RootElement.GetProperty("ops")[0].GetProperty("payload").GetString()!.Length.ShouldBe(OperationRules.MaxPayloadBytes - 2);
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("\0")]
    [InlineData("quote \" back \\ tab \t")]
    [InlineData("𐐷 ï 漢")]
    public void Any_text_comes_back_as_it_was_from_the_file_the_wire_and_the_replica(string text)
    {
        var operation = new NewOperation
        {
            Entity = text,
            EntityId = text,
            Field = text,
            Payload = JsonSerializer.SerializeToUtf8Bytes(text),
            OperationId = new OperationId(Guid.Parse("0190f3a0-0000-7000-8000-000000000001")),
        };
        _rig.Enqueue(operation);
        _rig.Enqueue(operation).Single().Duplicate.ShouldBeTrue();
        var row = _rig.Ask<JournalRow>(to => new GetOperation(operation.OperationId!.Value, to));
        (row.Entity, row.EntityId, row.Field).ShouldBe((text, text, text));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        using var body = JsonDocument.Parse(batch.Body);
        var sent = body.RootElement.GetProperty("ops")[0];
        foreach (var part in new[] { "entity", "entity_id", "field", "payload" })
        {
            sent.GetProperty(part).GetString().ShouldBe(text, part);
        }

        _rig.Settle(pass, batch, JournalRig.AcceptAll(batch));
        _rig.Release(pass, batch);
        _rig.Digest();
        var entity = _rig.Ask<Entities>(to => new GetEntities(text, text, null, 10, to)).Items.Single();
        entity.EntityId.ShouldBe(text);
        JsonSerializer.Deserialize<string>(entity.Registers[text]).ShouldBe(text);
    }

    [Fact]
    public void The_halves_of_a_batch_are_bodies_of_their_own()
    {
        _rig.Enqueue([.. Enumerable.Range(0, 5).Select(i => JournalRig.Set($"k{i}", $"{i}"))]);
        var batch = _rig.Read(Lane.Priority, _rig.Open(Lane.Priority))!;
        Payloads(batch.BodyOf(1, 3)).ShouldBe([1, 2, 3]);
        Payloads(batch.BodyOf([0, 4])).ShouldBe([0, 4]);
        batch.BodyOf(0, 5).ShouldBe(batch.Body);

        static IEnumerable<int> Payloads(ReadOnlyMemory<byte> json)
        {
            using var body = JsonDocument.Parse(json);
            body.RootElement.GetProperty("clock").GetInt64().ShouldBe(5);
            return [.. body.RootElement.GetProperty("ops").EnumerateArray().Select(op => op.GetProperty("payload").GetInt32())];
        }
    }

    [Fact]
    [Trait("criterion", "D16")]
    public void An_urgent_operation_is_in_the_first_batch_with_100_000_in_the_other_lane()
    {
        for (var i = 0; i < 100_000; i += 4000)
        {
            _rig.Enqueue([.. Enumerable.Range(i, 4000).Select(k => JournalRig.Bulk($"b{k}"))]);
        }

        var bulk = _rig.Open(Lane.Bulk);
        _rig.Read(Lane.Bulk, bulk)!.Count.ShouldBe(500);
        var urgent = _rig.Enqueue(JournalRig.Set("urgent"), JournalRig.Set("b99999")).Select(a => a.OperationId).ToList();
        var batch = _rig.Read(Lane.Priority, _rig.Open(Lane.Priority))!;
        // The second brings the older operation of its key along.
        batch.Rows.ToArray().Select(row => row.Lane).ShouldBe([Lane.Priority, Lane.Bulk, Lane.Priority]);
        (batch.Rows[0].Id, batch.Rows[2].Id).ShouldBe((urgent[0], urgent[1]));
    }

    [Fact]
    [Trait("criterion", "D16")]
    public void An_urgent_operation_with_more_older_ones_than_a_batch_holds_waits_and_is_told()
    {
        _rig.Enqueue([.. Enumerable.Range(0, 10).Select(_ => JournalRig.Bulk("a"))]);
        var urgent = _rig.Enqueue(JournalRig.Set("a")).Single().OperationId;
        var drain = _rig.World.Probe();
        _rig.Port.Tell(new Subscribe(drain.Ref));
        _rig.Read(Lane.Priority, _rig.Open(Lane.Priority), 5).ShouldBeNull();
        drain.ExpectNone();
        _rig.DrainAll(Lane.Bulk, 5).Count.ShouldBe(10);
        drain.Expect<OperationsPending>().Priority.ShouldBeTrue();
        _rig.DrainAll(Lane.Priority, 5).ShouldBe([urgent]);
    }

    public void Dispose() => _rig.Dispose();
}
