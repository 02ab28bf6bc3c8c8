using System.Text;
using ActorSync.Changes;
using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Tests.Journal;
using ActorSync.Tests.Pull;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;
using static ActorSync.Journal.ChangeProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Changes;

public sealed class ChangeLogTests : IDisposable
{
    private readonly JournalRig _rig = new JournalRig(stepRows: 3).Start();

    [Fact]
    public void What_was_there_before_somebody_asked_comes_first_and_then_what_changes()
    {
        Publish("a", "b", "c", "d", "e", "f", "g");

        var (before, last) = All(null);
        Publish("b");
        var changed = Page(last);

        before.ShouldBe(["a", "b", "c", "d", "e", "f", "g"]);
        (changed.IsSnapshot, changed.HasMore).ShouldBe((false, false));
        var b = changed.Items.ShouldHaveSingleItem();
        (b.EntityId, b.IsOwn, b.IsDeleted).ShouldBe(("b", true, false));
        b.Registers["f"].Winner.ShouldBe(b.Latest!.Value);
        b.Latest!.Value.Lamport.ShouldBe(8);
    }

    [Fact]
    public void Changes_of_one_entity_that_nobody_has_read_are_one()
    {
        var start = Page(null).Position;
        for (var i = 0; i < 5; i++)
        {
            Publish(JournalRig.Set("a", $"{i}"));
        }

        Page(start).Items.ShouldHaveSingleItem().Registers["f"].Json.ShouldBe("4");
    }

    [Fact]
    public void A_reader_at_the_end_is_answered_by_the_next_change_of_its_entity_and_not_after_it_has_left()
    {
        var end = Page(null).Position;
        var (stays, leaves) = (_rig.World.Probe("stays"), _rig.World.Probe("leaves"));
        _rig.Port.Tell(new ReadChanges(end, "thing", 64, stays.Ref));
        _rig.Port.Tell(new ReadChanges(end, "thing", 64, leaves.Ref));
        Publish(Other("x"));
        _rig.Port.Tell(new ForgetReader(leaves.Ref, _rig.Client.Ref));
        _rig.World.Run(TimeSpan.FromSeconds(1));
        stays.Waiting.ShouldBe(0);

        Publish("a");

        stays.Expect<ChangesRead>().Items.ShouldHaveSingleItem().EntityId.ShouldBe("a");
        leaves.Waiting.ShouldBe(0);
    }

    [Fact]
    public void A_reader_that_waits_is_told_when_the_journal_goes_down()
    {
        var reader = _rig.World.Probe("reader");
        _rig.Port.Tell(new ReadChanges(Page(null).Position, null, 64, reader.Ref));
        _rig.World.Run(TimeSpan.FromMilliseconds(10));

        _rig.Crash();

        reader.Expect<Unavailable>();
    }

    [Fact]
    public void Only_the_entities_of_the_name_asked_for_come_and_the_search_for_them_goes_in_steps()
    {
        Publish([.. Enumerable.Range(0, 10).Select(i => Other($"o{i}")), JournalRig.Set("a")]);
        var ids = new List<string>();
        var page = Page(null, "thing");
        for (var pages = 1; ; pages++)
        {
            ids.AddRange(Ids(page));
            if (!page.HasMore)
            {
                pages.ShouldBeGreaterThan(2);
                break;
            }

            page = Page(page.Position, "thing");
        }

        ids.ShouldBe(["a"]);
    }

    [Fact]
    [Trait("criterion", "P9")]
    public void A_change_of_another_device_comes_and_enqueues_nothing()
    {
        using var world = new ProfileWorld();
        var start = world.AskJournal<ChangesRead>(asker => new ReadChanges(null, null, 64, asker));
        world.Elsewhere("n", 7, """{"title":"theirs"}""");
        world.Elsewhere("gone", 8, "null", op: "delete");

        world.IsEqualSoon().ShouldBeTrue();

        var items = world.AskJournal<ChangesRead>(asker => new ReadChanges(start.Position, null, 64, asker)).Items;
        var note = items.Single(item => item.EntityId == "n");
        (note.IsOwn, note.IsDeleted, note.Latest!.Value.Device.Value).ShouldBe((false, false, "other"));
        note.Registers["title"].Json.ShouldBe("\"theirs\"");
        items.Single(item => item.EntityId == "gone").IsDeleted.ShouldBeTrue();
        var counts = world.AskJournal<JournalCounts>(asker => new GetCounts(asker));
        // The world's own first operation went up before; nothing waits now.
        (counts.Pending, counts.Dead, counts.Parked).ShouldBe((0, 0, 0));
    }

    [Fact]
    [Trait("criterion", "P9")]
    public void What_the_hub_refuses_is_rolled_back_in_the_view_and_told_as_what_is()
    {
        Publish(JournalRig.Set("a", "1"));
        var start = Page(null).Position;
        _rig.Enqueue(JournalRig.Set("a", "2"), JournalRig.Set("new"));
        View("a").Registers["f"].ShouldBe("2");
        var pass = _rig.Open(Lane.Priority);
        var batch = _rig.Read(Lane.Priority, pass)!;

        _rig.Settle(pass, batch, JournalRig.Reject(0));
        _rig.Settle(pass, batch, JournalRig.Reject(1));

        var told = Page(start).Items;
        told.Select(item => (item.EntityId, item.IsDeleted, item.Latest is null)).ShouldBe([("a", false, false), ("new", true, true)]);
        told[0].Registers["f"].Json.ShouldBe("1");
        (View("a").Registers["f"], View("a").Pending).ShouldBe(("1", false));
        _rig.Ask<Entities>(to => new GetEntities("thing", "new", null, 1, to)).Items.ShouldBeEmpty();
    }

    [Fact]
    public void A_retried_operation_shows_again()
    {
        var accepted = _rig.Enqueue(JournalRig.Set("a", "2")).Single();
        var pass = _rig.Open(Lane.Priority);
        _rig.Settle(pass, _rig.Read(Lane.Priority, pass)!, JournalRig.Reject(0));

        _rig.Ask<Changed>(to => new RetryDead(accepted.OperationId, to)).Count.ShouldBe(1);

        (View("a").Registers["f"], View("a").Pending).ShouldBe(("2", true));
    }

    [Fact]
    [Trait("criterion", "Q13")]
    public void A_position_beyond_a_restored_copy_is_not_taken_for_one_of_it()
    {
        Publish("a", "b");
        var early = Page(null).Position;
        var copy = Path.Combine(_rig.Folder, "copy.db");
        _rig.CopyTo(copy);
        Publish("c", "d");
        var late = Page(early).Position;
        _rig.Stop();

        _rig.Path = copy;
        _rig.Start();
        var atOnce = Page(late);
        Publish("p", "q", "r", "s");
        var afterMore = Page(late);
        var fromEarly = Page(early);

        atOnce.IsSnapshot.ShouldBeTrue();
        // Its number is there again, and means something else.
        fromEarly.Position.Value.ShouldBeGreaterThan(late.Value);
        afterMore.IsSnapshot.ShouldBeTrue();
        fromEarly.IsSnapshot.ShouldBeFalse();
        Ids(fromEarly)[0].ShouldBe("p");
    }

    [Fact]
    public void Where_a_subscription_stands_outlives_a_kill_and_never_goes_back()
    {
        Publish("a", "b", "c");
        var page = Page(null);
        Move("view", page.Items[1].Position);
        Move("view", page.Items[0].Position);
        _rig.Kill();
        _rig.Start();

        var place = Place("view");
        place.ShouldBe(page.Items[1].Position);
        Place("another").ShouldBeNull();
        var next = Page(place);
        next.IsSnapshot.ShouldBeFalse();
        Ids(next).ShouldBe(["c"]);
    }

    [Fact]
    public void A_first_taking_in_that_a_kill_cut_is_begun_anew_and_misses_nothing()
    {
        Publish([.. Enumerable.Range(0, 12).Select(i => JournalRig.Set($"e{i:00}"))]);
        _rig.Port.Tell(new ReadChanges(null, null, 64, _rig.World.Probe("cut").Ref));
        _rig.World.RunUntil(() => Count("SELECT count(*) FROM changed") > 0).ShouldBeTrue();
        Count("SELECT complete FROM change_log").ShouldBe(0);
        _rig.Kill();
        _rig.Start();

        All(null).Ids.Order().ShouldBe(Enumerable.Range(0, 12).Select(i => $"e{i:00}"));
    }

    [Fact]
    public void Nothing_is_recorded_for_an_app_that_never_asked()
    {
        Publish("a", "b");

        Count("SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM change_log) + (SELECT count(*) FROM change_epoch)")
            .ShouldBe(0);
    }

    public void Dispose() => _rig.Dispose();

    private static NewOperation Other(string id) =>
        new()
        {
            Entity = "other",
            EntityId = id,
            Payload = Encoding.UTF8.GetBytes("""{"v":1}"""),
        };

    private static List<string> Ids(ChangesRead page) => [.. page.Items.Select(item => item.EntityId)];

    private void Publish(params string[] ids) => Publish([.. ids.Select(id => JournalRig.Set(id))]);

    private void Publish(params NewOperation[] operations)
    {
        _rig.Enqueue(operations);
        _rig.DrainAll(Lane.Priority);
        _rig.Digest();
    }

    private (List<string> Ids, ChangePosition End) All(ChangePosition? after)
    {
        var ids = new List<string>();
        for (var page = Page(after); ; page = Page(page.Position))
        {
            ids.AddRange(Ids(page));
            if (!page.HasMore)
            {
                return (ids, page.Position);
            }
        }
    }

    private ChangesRead Page(ChangePosition? after, string? entity = null, int limit = 64) =>
        _rig.Ask<ChangesRead>(to => new ReadChanges(after, entity, limit, to));

    private EntityView View(string id) => _rig.Ask<Entities>(to => new GetEntities("thing", id, null, 1, to)).Items.Single();

    private void Move(string name, ChangePosition to) =>
        _rig.Ask<SubscriptionPlace>(replyTo => new MoveSubscription(name, null, to, replyTo));

    private ChangePosition? Place(string name) => _rig.Ask<SubscriptionPlace>(to => new GetSubscription(name, null, to)).Position;

    private long Count(string sql)
    {
        using var db = SqliteDb.Open(_rig.Path, null, readOnly: true);
        return db.QueryLong(sql);
    }
}
