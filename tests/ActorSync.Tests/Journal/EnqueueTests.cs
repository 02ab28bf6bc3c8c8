using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

public sealed class EnqueueTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig().Start();

    [Fact]
    [Trait("criterion", "Q6")]
    public void Operations_go_out_in_the_order_in_which_they_came_and_page_sizes_of_none_give_nothing()
    {
        var accepted = _rig.Enqueue([.. Enumerable.Range(0, 30).Select(i => JournalRig.Set($"k{i % 7}", $"{i}"))]);
        accepted.Select(a => a.Lamport).ShouldBe(Enumerable.Range(1, 30).Select(i => (long)i));
        _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, 0, to)).Items.ShouldBeEmpty();
        _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, -5, to)).Items.ShouldBeEmpty();
        _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, 10, to)).Items.Length.ShouldBe(10);
        var pass = _rig.Open(Lane.Priority);
        _rig.Read(Lane.Priority, pass, 0).ShouldBeNull();
        _rig.Read(Lane.Priority, pass, -1).ShouldBeNull();
        _rig.DrainAll(Lane.Priority, 7).ShouldBe(accepted.Select(a => a.OperationId));
    }

    [Fact]
    [Trait("criterion", "Q6")]
    public void Row_numbers_are_never_used_again_after_the_queue_was_empty()
    {
        _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"));
        _rig.DrainAll(Lane.Priority);
        _rig.Digest();
        _rig.Ask<Rows>(to => new ListOperations(RowState.Acked, 0, 10, to)).Items.ShouldBeEmpty();
        _rig.Kill();
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("c"));
        _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, 10, to)).Items.Single().Seq.ShouldBe(3);
    }

    [Fact]
    [Trait("criterion", "Q6")]
    public void An_id_handed_in_again_changes_nothing_and_says_so()
    {
        var id = new OperationId(Guid.Parse("0190f3a0-0000-7000-8000-000000000001"));
        var first = _rig.Enqueue(JournalRig.Set("a", "1", operation: id)).Single();
        var again = _rig.Enqueue(JournalRig.Set("a", " 1 ", operation: id)).Single();
        again.ShouldBe(first with { Duplicate = true });
        _rig.Ask<Refused>(to => new EnqueueMany([JournalRig.Set("b"), JournalRig.Set("a", "2", operation: id)], null, to))
            .Index.ShouldBe(1);
        _rig.Counts().Pending.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "Q9")]
    public void At_the_limit_the_answer_is_typed_and_nothing_stored_is_dropped()
    {
        _rig.Stop();
        _rig.Settings = JournalRig.DefaultSettings with { MaxOperations = 3 };
        _rig.Start();
        var id = new OperationId(Guid.Parse("0190f3a0-0000-7000-8000-000000000001"));
        _rig.Enqueue(JournalRig.Set("a", operation: id), JournalRig.Set("b"));
        _rig.Ask<Full>(to => new EnqueueMany([JournalRig.Set("c"), JournalRig.Set("d")], null, to)).Limit.ShouldBe(3);
        _rig.Enqueue(JournalRig.Set("c"));
        _rig.Ask<Full>(to => new EnqueueMany([JournalRig.Set("d")], null, to));
        // The answer to the first try may have been lost: what is stored is said to be stored.
        _rig.Enqueue(JournalRig.Set("a", operation: id)).Single().Duplicate.ShouldBeTrue();
        _rig.Counts().Pending.ShouldBe(3);
        _rig.DrainAll(Lane.Priority).Count.ShouldBe(3);
        _rig.Enqueue(JournalRig.Set("d")).Length.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "Q3")]
    public void What_the_hub_says_moves_the_clock_forward_only()
    {
        _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"));
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [0]) with { Accepted = [new(0, 1, 10, true)] });
        _rig.Settle(pass, batch, JournalRig.Accept(batch, [1]) with { Accepted = [new(1, 2, 3, true)] });
        _rig.Enqueue(JournalRig.Set("c")).Single().Lamport.ShouldBe(11);
        _rig.Kill();
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("c")).Single().Lamport.ShouldBe(12);
    }

    [Fact]
    [Trait("criterion", "Q5")]
    public void A_journal_from_another_installation_gets_a_new_device_and_its_rows_go_as_published_ones_of_the_old()
    {
        var old = _rig.Counts().Device;
        _rig.Enqueue(JournalRig.Set("a"));
        _rig.Kill();
        _rig.Start();
        _rig.Counts().Device.ShouldBe(old);
        _rig.Kill();
        _rig.Installation = "installation-2";
        _rig.Start();
        var device = _rig.Counts().Device;
        device.ShouldNotBe(old);
        _rig.Enqueue(JournalRig.Set("a"));
        var batch = _rig.Read(Lane.Priority, _rig.Open(Lane.Priority))!;
        using var body = System.Text.Json.JsonDocument.Parse(batch.Body);
        body.RootElement.GetProperty("device_id").GetString().ShouldBe(device.Value);
        var ops = body.RootElement.GetProperty("ops");
        ops[0].GetProperty("device_id").GetString().ShouldBe(old.Value);
        ops[0].GetProperty("published").GetBoolean().ShouldBeTrue();
        ops[1].TryGetProperty("device_id", out _).ShouldBeFalse();
        ops[1].GetProperty("published").GetBoolean().ShouldBeFalse();
        // What is published is never shifted.
        _rig.Ask<Recovered>(to => new RecoverFromRegression(100, to)).Delta.ShouldBe(99);
        _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, 0, 9, to)).Items.Select(row => row.Lamport).ShouldBe([1L, 101L]);
    }

    [Fact]
    public void A_checkpoint_goes_with_its_rows_and_never_back()
    {
        _rig.Ask<Stored>(to => new EnqueueMany([JournalRig.Set("a")], new SourceCheckpoint("file:1", 7), to));
        _rig.Ask<Stored>(to => new EnqueueMany([], new SourceCheckpoint("file:1", 5), to)).Accepted.ShouldBeEmpty();
        _rig.Ask<Refused>(to => new EnqueueMany([JournalRig.Set("")], new SourceCheckpoint("file:1", 99), to)).Field.ShouldBe("entity_id");
        _rig.Ask<SourceCheckpoint>(to => new GetCheckpoint("file:1", to)).Position.ShouldBe(7);
        _rig.Ask<SourceCheckpoint>(to => new GetCheckpoint("file:2", to)).Position.ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "Q12")]
    public void A_page_of_large_rows_ends_early_and_says_so()
    {
        var large = $"\"{new string('x', 1_000_000)}\"";
        var ids = _rig.Enqueue([.. Enumerable.Range(0, 9).Select(i => JournalRig.Set($"k{i}", large))]).Select(a => a.OperationId).ToList();
        var (seen, after, pages) = (new List<OperationId>(), 0L, 0);
        Rows page;
        do
        {
            page = _rig.Ask<Rows>(to => new ListOperations(RowState.Pending, after, 1000, to));
            page.Items.Length.ShouldBeLessThan(6);
            seen.AddRange(page.Items.Select(row => row.OperationId));
            (after, pages) = (page.Items[^1].Seq, pages + 1);
        } while (page.HasMore);

        seen.ShouldBe(ids);
        pages.ShouldBe(2);
    }

    [Fact]
    public void Settings_are_patched_key_by_key()
    {
        _rig.Ask<Settings>(to => new PatchSettings(Patch(("mode", "local"), ("hub", "http://x")), to));
        _rig.Ask<Settings>(to => new PatchSettings(Patch(("mode", null)), to)).Values.ShouldBe([new("hub", "http://x")]);
        _rig.Kill();
        _rig.Start();
        _rig.Ask<Settings>(to => new GetSettings(to)).Values.ShouldBe([new("hub", "http://x")]);

        static ImmutableSortedDictionary<string, string?> Patch(params (string Key, string? Value)[] pairs) =>
            pairs.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
    }

    public void Dispose() => _rig.Dispose();
}
