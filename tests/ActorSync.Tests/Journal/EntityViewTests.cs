using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

public sealed class EntityViewTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig(stepRows: 3).Start();

    [Fact]
    public void What_is_pending_lies_over_the_replica_and_is_marked()
    {
        _rig.Enqueue(Whole("a", """{"name":"old","size":1}"""), Whole("b", """{"name":"b"}"""));
        _rig.DrainAll(Lane.Priority);
        _rig.Digest();
        _rig.Enqueue(
            Whole("a", """{"name":"new"}"""),
            new NewOperation
            {
                Entity = "thing",
                EntityId = "b",
                Kind = OperationKind.Delete,
            }
        );
        var all = Read(null, null, 10);
        all.Select(e => (e.EntityId, e.Deleted, e.Pending)).ShouldBe([("a", false, true), ("b", true, true)]);
        all[0].Registers.ShouldBe([new("name", "\"new\""), new("size", "1")]);
        _rig.DrainAll(Lane.Priority);
        Read("a", null, 10).Single().Pending.ShouldBeFalse();
    }

    [Fact]
    public void Pages_go_through_queue_and_replica_alike_and_none_of_none()
    {
        for (var i = 0; i < 40; i++)
        {
            _rig.Enqueue(Whole($"e{i:00}", "{\"i\":1}"));
            if (i % 3 == 0)
            {
                _rig.DrainAll(Lane.Priority);
                _rig.Digest();
            }
        }

        Read(null, null, 0).ShouldBeEmpty();
        Read(null, null, -1).ShouldBeEmpty();
        var ids = new List<string>();
        while (Read(null, ids.LastOrDefault(), 7) is { Count: > 0 } page)
        {
            ids.AddRange(page.Select(entity => entity.EntityId));
        }

        ids.ShouldBe(Enumerable.Range(0, 40).Select(i => $"e{i:00}"));
    }

    [Fact]
    public void What_is_folded_while_it_is_read_is_seen()
    {
        // The fold's timer is due after 100 ms: started at some point before, it falls between two steps of the read.
        for (var late = 0; late < 60; late += 2)
        {
            using var rig = new JournalRig(seed: late, stepRows: 1).Start();
            rig.Enqueue([.. Enumerable.Range(0, 30).Select(i => Whole($"e{i:00}", "{\"i\":1}"))]);
            rig.DrainAll(Lane.Priority);
            rig.World.Run(TimeSpan.FromMilliseconds(97.5) + TimeSpan.FromMicroseconds(late * 10));
            for (var reads = 0; reads < 8; reads++)
            {
                rig.Ask<Entities>(to => new GetEntities("thing", null, null, 100, to)).Items.Length.ShouldBe(30);
            }
        }
    }

    public void Dispose() => _rig.Dispose();

    private static NewOperation Whole(string id, string payload) =>
        new()
        {
            Entity = "thing",
            EntityId = id,
            Payload = System.Text.Encoding.UTF8.GetBytes(payload),
        };

    private List<EntityView> Read(string? id, string? after, int limit) =>
        [.. _rig.Ask<Entities>(to => new GetEntities("thing", id, after, limit, to)).Items];
}
