using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

/// <summary>What a push can be answered, row by row of the outcome table.</summary>
public sealed class AnswerTests
{
    public static TheoryData<string> Unbelievable => ["html", "truncated", "foreign"];

    [Theory]
    [MemberData(nameof(Unbelievable))]
    [Trait("criterion", "D3")]
    public void An_answer_that_names_nothing_of_the_batch_acks_nothing(string kind)
    {
        using var world = new ProfileWorld();
        Misbehaviour misbehaviour = kind switch
        {
            "html" => Misbehaviour.Html200,
            "truncated" => new Misbehaviour.Truncated(20),
            _ => new Misbehaviour.NamesForeign(),
        };
        world.Hub.Next(misbehaviour, times: int.MaxValue);
        world.Enqueue(5);

        var report = world.DrainNow();

        report.Accepted.ShouldBe(0);
        report.Stopped.ShouldNotBeNull();
        report.NextRetry.ShouldNotBeNull();
        world.Counts().Pending.ShouldBe(5);
        world.Counts().Dead.ShouldBe(0);
        world.Rows(RowState.Pending).ShouldAllBe(row => row.Attempts >= 1 && row.LastError != null);
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void Rows_that_the_answer_does_not_name_stay_and_are_sent_again_after_a_pause()
    {
        using var world = new ProfileWorld(children: static children => children with { Pull = null });
        world.Hub.Next(new Misbehaviour.NamesOnly(2));
        var ids = world.Enqueue(5);

        var report = world.DrainNow();

        report.Accepted.ShouldBe(2);
        report.Stopped!.ShouldContain("does not name 3 of 5");
        world.Rows(RowState.Pending).Select(row => row.OperationId.ToString()).ShouldBe(ids[2..]);
        world.Drained();
        world.AtHub.ShouldBe(ids);
        world.Pushed.Count().ShouldBe(2, "no tight loop");
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void A_hub_that_never_names_a_row_is_not_asked_in_a_tight_loop()
    {
        using var world = new ProfileWorld(children: static children => children with { Pull = null });
        world.Hub.Next(new Misbehaviour.NamesOnly(0), times: int.MaxValue);
        world.Enqueue(5);

        world.World.Run(TimeSpan.FromMinutes(60));

        world.Pushed.Count().ShouldBeInRange(5, 60);
        world.Status().Health.Lanes["priority"].State.ShouldBe("ERR");
    }

    [Fact]
    [Trait("criterion", "D4")]
    public void One_bad_operation_of_ten_is_dead_lettered_with_code_and_message_and_nine_are_acked()
    {
        using var world = new ProfileWorld();
        world.Hub.Account.Refuse = op => op.EntityId == "n3" ? ("invalid_payload", "no such colour") : null;
        var ids = world.Enqueue(10);

        world.DrainNow().Rejected.ShouldBe(1);

        world.Counts().Pending.ShouldBe(0);
        var dead = world.Rows(RowState.Dead).ShouldHaveSingleItem();
        dead.OperationId.ToString().ShouldBe(ids[3]);
        dead.LastError.ShouldBe("invalid_payload: no such colour");
        world.AtHub.ShouldBe(ids.Where(id => id != ids[3]));
        world.Pushed.Count().ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "D6")]
    public void A_rejected_operation_is_dead_lettered_even_alone()
    {
        using var world = new ProfileWorld();
        world.Hub.Account.Refuse = _ => ("invalid_payload", "no");
        world.Enqueue(1);

        world.DrainNow();

        world.Rows(RowState.Dead).ShouldHaveSingleItem();
        world.Status().Health.State.ShouldBe("ERR");
        world.Status().Health.Reason.ShouldContain("needs attention");
    }

    [Fact]
    [Trait("criterion", "D6")]
    public void At_the_eleventh_dead_letter_the_pass_stops_and_the_lane_shows_it()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 4");
        world.Hub.Account.Refuse = _ => ("invalid_payload", "no");
        world.Enqueue(40);

        var report = world.DrainNow();

        world.Pushed.Count().ShouldBe(3, "three batches of four make twelve");
        report.Stopped!.ShouldContain("refused 12 operations in one pass");
        world.Counts().Dead.ShouldBe(12);
        world.Counts().Pending.ShouldBe(28);
        world.Status().Health.Lanes["priority"].State.ShouldBe("ERR");
    }

    [Fact]
    [Trait("criterion", "D4")]
    public void Later_operations_of_a_rejected_key_are_parked_also_those_read_ahead_and_enqueued_afterwards()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 2");
        var refuse = true;
        world.Hub.Account.Refuse = op => refuse && op.EntityId == "bad" ? ("invalid_payload", "no") : null;
        var ids = world.Enqueue(
            ProfileWorld.Operation("bad"),
            ProfileWorld.Operation("a"),
            ProfileWorld.Operation("bad"),
            ProfileWorld.Operation("b"),
            ProfileWorld.Operation("c"),
            ProfileWorld.Operation("bad")
        );

        world.DrainNow();
        var later = world.Enqueue(ProfileWorld.Operation("bad"));
        world.DrainNow();

        world.AtHub.ShouldBe([ids[1], ids[3], ids[4]]);
        world.Rows(RowState.Dead).Select(row => row.OperationId.ToString()).ShouldBe([ids[0]]);
        world.Rows(RowState.Parked).Select(row => row.OperationId.ToString()).ShouldBe([ids[2], ids[5], later[0]]);

        refuse = false;
        world.AskJournal<JournalProtocol.Changed>(asker => new JournalProtocol.RetryDead(null, asker));
        world.Drained();
        world.AtHub[^4..].ShouldBe([ids[0], ids[2], ids[5], later[0]]);
    }

    [Fact]
    [Trait("criterion", "D12")]
    public void A_batch_that_is_too_large_is_halved_and_one_operation_that_is_too_large_alone_is_dead_lettered()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.TooLarge, times: int.MaxValue, when: push => push.IsPush && push.Body.Length > 3_000);
        var ids = world.Enqueue([
            .. Enumerable.Range(0, 20).Select(i => ProfileWorld.Operation($"n{i}", payloadBytes: i == 7 ? 4_000 : 200)),
        ]);

        world.DrainNow();

        world.AtHub.ShouldBe(ids.Where(id => id != ids[7]));
        var dead = world.Rows(RowState.Dead).ShouldHaveSingleItem();
        dead.OperationId.ToString().ShouldBe(ids[7]);
        dead.LastError!.ShouldStartWith("too_large");
    }

    [Fact]
    [Trait("criterion", "D12")]
    public void Batches_are_bounded_by_count_and_bytes()
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain { max-operations = 50, max-bytes = 64 KiB }");
        world.Enqueue([.. Enumerable.Range(0, 200).Select(i => ProfileWorld.Operation($"n{i}", payloadBytes: i < 100 ? 5_000 : 10))]);

        world.DrainNow();

        world.Hub.Pushes.ShouldAllBe(push => push.Request.Body.Length <= 64 << 10 && push.OperationIds.Count <= 50);
        world.Hub.Pushes.Max(push => push.OperationIds.Count).ShouldBe(50);
    }

    [Fact]
    [Trait("criterion", "D18")]
    public void A_hub_that_refuses_gzip_is_sent_identity_from_then_on_by_both_lanes()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.NoGzip, times: int.MaxValue, when: push => push.IsPush && push.Gzip);
        world.Enqueue(100);
        world.DrainNow();
        world.Enqueue(100, Lane.Bulk, "b");
        world.DrainNow();

        world.Counts().Pending.ShouldBe(0);
        world.Hub.Pushes.Select(push => push.Request.Gzip).ShouldBe([true, false, false]);
    }

    [Fact]
    [Trait("criterion", "D8")]
    public void A_lost_answer_leaves_one_row_at_the_hub()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(new Misbehaviour.Resets { AfterCommit = true });
        var ids = world.Enqueue(5);

        world.Drained();

        world.AtHub.ShouldBe(ids);
        world.Applied.ShouldBe(ids);
        world.Pushed.Count().ShouldBe(2);
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_conflict_that_is_not_understood_is_surfaced_without_a_tight_loop()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.UnknownConflict, times: int.MaxValue);
        world.Enqueue(3);

        world.World.Run(TimeSpan.FromMinutes(30));

        world.Pushed.Count().ShouldBeInRange(5, 40);
        world.Status().Drain.LastError.ShouldNotBeNull();
        world.Counts().Dead.ShouldBe(0);
        world.Hub.Behave();
        world.DrainNow().Accepted.ShouldBe(3);
    }

    [Fact]
    public void A_resync_request_pauses_the_lane_with_its_reason_and_loses_nothing()
    {
        using var world = new ProfileWorld();
        world.Hub.Next(Misbehaviour.Resync);
        world.Enqueue(3);

        world.DrainNow().Stopped!.ShouldContain("history_changed");
        world.Status().Health.Lanes["priority"].State.ShouldBe("ERR");
        world.Drained(TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("criterion", "D9")]
    public void A_failure_of_our_own_bookkeeping_after_the_hub_has_accepted_never_dead_letters(int push)
    {
        using var world = new ProfileWorld(hocon: "actorsync.drain.max-operations = 10");
        var ids = world.Enqueue(40);
        world.World.RunUntil(() => world.Pushed.Count() == push).ShouldBeTrue();

        // The hub has stored it; whoever has to book the answer falls.
        world.World.Node.Crash(world.Child("journal"));
        world.World.RunUntil(() => world.Journal.Actor is null).ShouldBeTrue();
        world.World.RunUntil(() => world.Journal.Actor is not null).ShouldBeTrue();
        world.Drained();

        world.AtHub.ShouldBe(ids);
        world.Applied.ShouldBe(ids);
        world.Counts().Dead.ShouldBe(0);
        world.Status().Drain.Duplicate.ShouldBeGreaterThan(0, "it was sent again by its id");
    }
}
