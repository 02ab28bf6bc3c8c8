using System.Text;
using ActorSync.Journal;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

public sealed class PullTests
{
    [Fact]
    [Trait("criterion", "P3")]
    [Trait("criterion", "P9")]
    public void A_change_of_another_device_comes_in_by_polling_and_enqueues_nothing()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Elsewhere("x", 7, """{"title":"from afar"}""");

        world.IsEqualSoon().ShouldBeTrue();

        world.Note("x")!.Registers["title"].ShouldBe("\"from afar\"");
        world.Counts().Clock.ShouldBe(7);
        (world.Counts().Pending, world.Counts().AckedEver, world.Sent).ShouldBe((0, 0, 0));
        world.Status().Cursor.Position.ShouldBe(world.Hub.Account.LastId);
        world.Status().Health.Lanes["pull"].State.ShouldBe("OK");
    }

    [Fact]
    [Trait("criterion", "P2")]
    public void What_is_committed_while_a_page_is_on_its_way_comes_with_the_next_one()
    {
        using var world = new ProfileWorld(hocon: "actorsync.pull.max-operations = 3");
        for (var i = 0; i < 20; i++)
        {
            world.Elsewhere($"a{i}", i + 2, "1");
            world.World.Run(TimeSpan.FromMilliseconds(1700 + i));
        }

        world.IsEqualSoon().ShouldBeTrue();
        world.Counts().Position.ShouldBe(world.Hub.Account.LastId);
    }

    [Fact]
    public void Nothing_is_pushed_before_the_hub_was_read()
    {
        using var world = new ProfileWorld(start: false);
        world.Start();
        world.Ready();
        world.Enqueue(3);

        world.Drained();

        var first = world.Hub.Exchanges.FindIndex(static x => x.Request.IsPush);
        world.Hub.Exchanges.FindIndex(static x => x.Request.IsPull).ShouldBeInRange(0, first);
    }

    [Fact]
    public void A_hub_that_cannot_be_read_is_pushed_to_all_the_same()
    {
        using var world = new ProfileWorld(start: false);
        world.Hub.Next(Misbehaviour.Busy(500), int.MaxValue, static x => !x.IsPush);
        world.Start();
        world.Ready();
        world.Enqueue(3);

        world.Drained();

        world.AtHub.Length.ShouldBe(3);
    }

    [Fact]
    [Trait("criterion", "D14")]
    public void Local_mode_asks_the_hub_for_nothing()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(20));
        world.Change("mode", "local").ShouldBeOfType<JournalProtocol.Settings>();
        world.World.Run(TimeSpan.FromSeconds(1));
        var before = world.Hub.Exchanges.Count;

        world.World.Run(TimeSpan.FromHours(1));

        world.Hub.Exchanges.Count.ShouldBe(before);
    }

    [Fact]
    [Trait("criterion", "P8")]
    public void A_malformed_operation_is_set_aside_with_its_reason_and_the_others_come_in()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        var last = world.Hub.Account.LastId;
        var page = $$"""
            {"ops":[
              {"id":{{last
                + 1}},"operation_id":"01890000-0000-7000-8000-00000000aa01","device_id":"other","lamport_ts":8,"entity":"note","entity_id":"good","op":"set","payload":1},
              {"id":{{last
                + 2}},"operation_id":"01890000-0000-7000-8000-00000000aa02","device_id":"other","lamport_ts":9,"entity":"note","entity_id":"bad","op":"explode","payload":1},
              {"id":{{last
                + 3}},"operation_id":"nonsense","device_id":"other","lamport_ts":10,"entity":"note","entity_id":"bad","op":"set","payload":1},
              {"id":{{last
                + 4}},"operation_id":"01890000-0000-7000-8000-00000000aa04","device_id":"other","lamport_ts":-1,"entity":"note","entity_id":"bad","op":"set","payload":{"a":1,"a":2} },
              {"id":{{last
                + 5}},"operation_id":"01890000-0000-7000-8000-00000000aa05","device_id":"other","lamport_ts":11,"entity":"note","entity_id":"fine","op":"set","payload":2}
            ],"last_id":{{last + 5}},"head":"{{new string('a', 64)}}","has_more":false}
            """;
        world.Hub.Next(
            new Misbehaviour.Answers(new HubAnswer(200, Encoding.UTF8.GetBytes(page), "application/json")),
            1,
            static x => x.IsPull
        );

        world.World.RunUntil(() => world.Pages().Any(static x => x.Misbehaviour is not null), PullWorld.Soon).ShouldBeTrue();
        world.World.Run(TimeSpan.FromMilliseconds(50));

        world.Note("good").ShouldNotBeNull();
        world.Note("fine").ShouldNotBeNull();
        world.Note("bad").ShouldBeNull();
        world.Counts().Position.ShouldBe(last + 5);
        var aside = world.AskJournal<InboundProtocol.Quarantined>(asker => new InboundProtocol.ListQuarantine(10, asker)).Items;
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Status().Inbound.Quarantined.ShouldBe(3);
        aside.Select(static x => x.HubId).ShouldBe([last + 4, last + 3, last + 2]);
        aside
            .Select(static x => x.Reason)
            .ShouldBe(["lamport_ts: is not in 1..2^53-1", "operation_id: is no UUID", "op: is missing or unknown"]);
        Encoding.UTF8.GetString(aside[2].Raw.Span).ShouldContain("explode");
    }

    [Theory]
    [Trait("criterion", "P10")]
    [InlineData("""{"ops":[],"last_id":LAST,"has_more":true}""", "does not give it")]
    [InlineData("""{"ops":[],"last_id":0,"has_more":false}""", "answered with 0")]
    [InlineData("""{"ops":[],"last_id":900,"has_more":true}""", "does not give it")]
    [InlineData("""{"ops":[{"id":LAST}],"last_id":901,"has_more":false}""", "what comes behind")]
    public void A_page_that_leads_nowhere_stops_the_pass_with_an_error(string body, string text)
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        var (last, before) = (world.Hub.Account.LastId, world.Pages().Count());
        var page = body.Replace("LAST", last.ToString(), StringComparison.Ordinal);
        var answer = new HubAnswer(200, Encoding.UTF8.GetBytes(page), "application/json");
        world.Hub.Next(new Misbehaviour.Answers(answer), int.MaxValue, static x => x.IsPull);

        world.World.Run(TimeSpan.FromMinutes(10));

        world.Counts().Position.ShouldBe(last);
        (world.Pages().Count() - before).ShouldBeInRange(3, 120);
        var health = world.Status().Health.Lanes["pull"];
        (health.State, health.Reason.Contains(text, StringComparison.Ordinal)).ShouldBe(("ERR", true), health.Reason);
    }

    [Fact]
    [Trait("criterion", "P6")]
    public void An_own_operation_whose_ack_was_lost_is_confirmed_by_the_log()
    {
        using var world = new ProfileWorld();
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Hub.Next(new Misbehaviour.Resets { AfterCommit = true }, int.MaxValue);
        var ids = world.Enqueue(5);

        world.Drained();

        world.AtHub.ShouldBe(ids);
        world.Counts().AckedEver.ShouldBe(5);
        world.IsEqualSoon().ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "P6")]
    [Trait("criterion", "P7")]
    public void A_late_older_write_changes_nothing_and_a_deletion_is_not_undone_by_what_is_older()
    {
        using var world = new ProfileWorld();
        world.Elsewhere("x", 20, """{"title":"new","gone":1}""");
        world.Elsewhere("y", 30, "null", "delete");
        world.IsEqualSoon().ShouldBeTrue();
        world.Elsewhere("x", 10, """{"title":"old","more":2}""", device: "third");
        world.Elsewhere("x", 21, """{"gone":null}""");
        world.Elsewhere("y", 29, """{"title":"risen"}""", device: "third");

        world.IsEqualSoon().ShouldBeTrue();

        var note = world.Note("x")!.Registers;
        (note["title"], note["more"], note["gone"]).ShouldBe(("\"new\"", "2", "null"));
        world.Note("y")!.Deleted.ShouldBeTrue();
    }

    [Fact]
    public void An_overwritten_value_is_kept_with_who_won()
    {
        using var world = new ProfileWorld();
        world.Enqueue(ProfileWorld.Operation("x"));
        world.Drained();
        world.Elsewhere("x", 50, "\"theirs\"");
        world.Elsewhere("x", 3, "\"too late\"", device: "third");

        world.IsEqualSoon().ShouldBeTrue();

        var conflicts = world
            .AskJournal<InboundProtocol.Conflicts>(asker => new InboundProtocol.ListConflicts(long.MaxValue, 10, asker))
            .Items;
        world.World.Run(TimeSpan.FromSeconds(40));
        world.Status().Inbound.Conflicts.ShouldBe(2);
        conflicts
            .Select(static x => (x.WonValue, x.Won.Device.Value, x.LostValue, x.Lost.Device.Value))
            .ShouldBe([
                ("\"theirs\"", "other", "\"too late\"", "third"),
                ("\"theirs\"", "other", "\"xxxxxxxxxx\"", world.Device!.Value.Value),
            ]);
    }
}
