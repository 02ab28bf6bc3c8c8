using ActorSync.Changes;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Changes;

public sealed class ChangeStreamTests : IAsyncLifetime
{
    private AppWorld _world = null!;

    public async Task InitializeAsync() => _world = await AppWorld.StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_named_subscription_goes_on_behind_what_was_done_with_also_after_a_restart()
    {
        await _world.PublishAsync(Note("a"), Note("b"), Note("c"));

        // The reader leaves with b in hand: a is done with, b is not.
        (await TakeAsync(_world.Sync.Subscribe("view"), 3)).ShouldBe(["snapshot", "a", "b"]);
        await _world.RestartAsync();
        (await TakeAsync(_world.Sync.Subscribe("view"), 2)).ShouldBe(["b", "c"]);

        await _world.PublishAsync(Note("d"));
        (await TakeAsync(_world.Sync.Subscribe("view"), 2)).ShouldBe(["c", "d"]);
        (await TakeAsync(_world.Sync.Subscribe("another"), 2)).ShouldBe(["snapshot", "a"]);
    }

    [Fact]
    public async Task A_reader_that_sits_on_an_element_holds_nobody_up_and_then_finds_what_is()
    {
        await _world.PublishAsync(Note("first"));
        await using var reader = _world.Sync.Changes("note").GetAsyncEnumerator();
        await NextAsync(reader);
        await NextAsync(reader);

        for (var i = 0; i < 20; i++)
        {
            await _world.PublishAsync(AppWorld.Set("note", "busy", "n", $"{i}"), AppWorld.Set("other", "o", "n", "1"));
        }

        EntityChanged seen;
        do
        {
            seen = (EntityChanged)await NextAsync(reader);
            (seen.Entity, seen.EntityId, seen.IsOwn).ShouldBe(("note", "busy", true));
        } while (seen.Registers["n"].Json != "19");
    }

    [Fact]
    public async Task A_stream_ends_with_the_runtime_and_a_cancelled_reader_leaves()
    {
        await using var reader = _world.Sync.Changes().GetAsyncEnumerator();
        await NextAsync(reader);
        var waiting = reader.MoveNextAsync().AsTask();
        using var cancel = new CancellationTokenSource();
        await using var other = _world.Sync.Changes(cancellation: cancel.Token).GetAsyncEnumerator();
        await NextAsync(other);
        var leaving = other.MoveNextAsync().AsTask();

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => leaving.WaitAsync(AppWorld.Deadline));
        await _world.Sync.StopAsync().WaitAsync(AppWorld.Deadline);

        (await waiting.WaitAsync(AppWorld.Deadline)).ShouldBeFalse();
    }

    private static ActorSync.Model.NewOperation Note(string id) => AppWorld.Set("note", id, "n", "1");

    private static async Task<List<string>> TakeAsync(IAsyncEnumerable<ReplicaChange> changes, int count)
    {
        var seen = new List<string>();
        using var late = new CancellationTokenSource(AppWorld.Deadline);
        await foreach (var change in changes.WithCancellation(late.Token))
        {
            seen.Add(change is EntityChanged entity ? entity.EntityId : "snapshot");
            if (seen.Count == count)
            {
                break;
            }
        }

        return seen;
    }

    private static async Task<ReplicaChange> NextAsync(IAsyncEnumerator<ReplicaChange> reader)
    {
        (await reader.MoveNextAsync().AsTask().WaitAsync(AppWorld.Deadline)).ShouldBeTrue();
        return reader.Current;
    }
}
