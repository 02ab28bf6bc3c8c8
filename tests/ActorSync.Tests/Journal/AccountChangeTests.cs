using System.Collections.Immutable;
using System.Text;
using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Xunit;
using static ActorSync.Journal.InboundProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>What one account left in the replica is nothing that another one's hub could be told.</summary>
[Trait("criterion", "A12")]
public sealed class AccountChangeTests
{
    private const string Ada = "https://hub.test/|ada";
    private const string Bob = "https://hub.test/|bob";
    private static readonly string Head = new('a', 64);

    [Fact]
    public void What_is_merged_goes_and_what_is_unsent_stays()
    {
        using var rig = Filled();
        Owner(rig, "bob");

        var place = Open(rig, Bob);

        (place.Position, place.KnownHead, place.NeedsSnapshot, place.HasRelay).ShouldBe((0, null, true, false));
        IsForgotten(rig);
        Offered(rig, Bob).ShouldBeNull();
        rig.Ask<ActorSync.Journal.InboundProtocol.Conflicts>(to => new ListConflicts(long.MaxValue, 10, to)).Items.ShouldBeEmpty();
        rig.Ask<Quarantined>(to => new ListQuarantine(10, to)).Items.ShouldBeEmpty();
        var counts = rig.Counts();
        (counts.Pending, counts.ReceiptHighestLamport, counts.HubHead).ShouldBe((2, 0, null));
    }

    [Fact]
    public void The_same_account_at_another_hub_keeps_and_offers_what_it_has()
    {
        using var rig = Filled();

        Open(rig, "https://other.test/|ada").NeedsSnapshot.ShouldBeTrue();

        Merge(rig, "https://other.test/|ada", []);
        Offered(rig, "https://other.test/|ada")!.Count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void A_binding_of_another_account_forgets_though_no_setting_said_so()
    {
        using var rig = Filled();

        Open(rig, Bob).HasRelay.ShouldBeFalse();

        IsForgotten(rig);
    }

    [Fact]
    public void The_first_owner_and_the_same_one_again_change_nothing()
    {
        using var rig = Filled();
        var digest = rig.Digest().Digest;

        Owner(rig, "ada");

        rig.Digest().Digest.ShouldBe(digest);
        Offered(rig, Ada).ShouldNotBeNull();
    }

    [Fact]
    [Trait("criterion", "A18")]
    public void A_pass_of_the_account_before_brings_nothing_in_any_more()
    {
        using var rig = Filled();
        rig.Ask<PullStands>(to => new BeginSnapshot(9, Ada, to));
        Owner(rig, "bob");

        rig.Ask<PullStands>(to => new MergeSnapshot(9, Ada, [Row("late", 70)], new SnapshotPoint(7, Head, 70), to)).Applied.ShouldBe(0);
        rig.Ask<PullStands>(to => new SkipSnapshot(9, Ada, to)).Place.NeedsSnapshot.ShouldBeTrue();
        rig.Ask<PullStands>(to => new ApplyPage(9, Ada, 0, [], 4, Head, to)).Place.Position.ShouldBe(0);
        Offered(rig, Ada).ShouldBeNull();

        Open(rig, Bob).NeedsSnapshot.ShouldBeTrue();
        IsForgotten(rig);
    }

    [Fact]
    public void A_merge_that_is_under_way_ends_where_the_other_account_comes()
    {
        using var rig = Filled(stepRows: 4);
        rig.Ask<PullStands>(to => new BeginSnapshot(9, Ada, to));

        // Both are in the mailbox before the first step is over.
        rig.Port.Tell(new MergeSnapshot(9, Ada, [Row("zz", 70)], new SnapshotPoint(7, Head, 70), rig.Client.Ref));
        Owner(rig, "bob");
        rig.Client.Expect<PullStands>().Place.NeedsSnapshot.ShouldBeTrue();

        var place = Open(rig, Bob);
        (place.NeedsSnapshot, place.KnownHead, place.HasRelay).ShouldBe((true, null, false));
        IsForgotten(rig);
    }

    [Fact]
    public void A_kill_in_the_middle_leaves_nothing_to_offer()
    {
        var inTheMiddle = 0;
        for (var steps = 0; steps < 24; steps++)
        {
            using var rig = Filled(foldOperations: 3);
            Owner(rig, "bob");
            for (var i = 0; i < steps; i++)
            {
                rig.Counts();
            }

            rig.Kill();
            using (var db = SqliteDb.Open(rig.Path, null))
            {
                inTheMiddle += db.QueryLong("SELECT count(*) FROM replica") > 0 ? 1 : 0;
            }

            rig.Start();
            Open(rig, Bob).HasRelay.ShouldBeFalse($"killed after {steps} steps");
            Merge(rig, Bob, []);
            Offered(rig, Bob).ShouldBeNull($"killed after {steps} steps");
            IsForgotten(rig);
            rig.Counts().Pending.ShouldBe(2);
        }

        inTheMiddle.ShouldBeInRange(3, 23);
    }

    [Fact]
    public void What_is_acked_while_the_rest_goes_is_the_new_accounts()
    {
        using var rig = Filled(foldOperations: 3);
        Owner(rig, "bob");
        var sent = rig.DrainAll(Lane.Priority);

        Open(rig, Bob);

        sent.Count.ShouldBe(2);
        var left = rig.Ask<Entities>(to => new GetEntities("thing", null, null, 100, to)).Items.Select(static x => x.EntityId).ToList();
        left.ShouldBeSubsetOf(["unsent0", "unsent1"]);
        rig.Counts().Pending.ShouldBe(0);
    }

    /// <summary>Rows of ada merged, others acked and not folded, all of them noted as lacking at the hub, a conflict, two unsent ones.</summary>
    private static JournalRig Filled(int foldOperations = 500, int stepRows = JournalStore.StepRows)
    {
        var rig = new JournalRig(settings: JournalRig.DefaultSettings with { FoldOperations = foldOperations }, stepRows: stepRows).Start();
        Owner(rig, "ada");
        rig.Enqueue([.. Enumerable.Range(0, 20).Select(i => JournalRig.Set($"secret{i:00}"))]);
        rig.DrainAll(Lane.Priority);
        Open(rig, Ada);
        Merge(rig, Ada, [Row("secret03", 900, device: "other"), Row("secret99", 901, device: "other")]);
        rig.Ask<PullStands>(to => new ApplyPage(1, Ada, 5, [Broken()], 6, Head, to)).Quarantined.ShouldBe(1);
        rig.Enqueue([.. Enumerable.Range(0, 12).Select(i => JournalRig.Set($"acked{i:00}"))]);
        rig.DrainAll(Lane.Priority);
        rig.Enqueue(JournalRig.Set("unsent0"), JournalRig.Set("unsent1"));
        return rig;
    }

    private static RemoteOp Broken() =>
        RemoteOps.Read(new PulledOp(6, default, new DeviceId("other"), 1, Encoding.UTF8.GetBytes("""{"id":6,"secret":1}""")));

    private static SnapshotRow Row(string id, long lamport, string device = "other") =>
        new(
            Encoding.UTF8.GetBytes("thing"),
            Encoding.UTF8.GetBytes(id),
            IsTombstone: false,
            Encoding.UTF8.GetBytes("f"),
            Encoding.UTF8.GetBytes("7"),
            lamport,
            new DeviceId(device),
            new OperationId(new Guid((int)lamport, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 1))
        );

    private static void Owner(JournalRig rig, string account) =>
        rig.Port.Tell(
            new PatchSettings(
                ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add(AccountChange.OwnerKey, account),
                Akka.Actor.ActorRefs.Nobody
            )
        );

    private static PullPlace Open(JournalRig rig, string binding) =>
        rig.Ask<PullStands>(to => new OpenPull(1, binding, OfferAgain: false, to)).Place;

    private static void Merge(JournalRig rig, string binding, ImmutableArray<SnapshotRow> rows)
    {
        rig.Ask<PullStands>(to => new BeginSnapshot(1, binding, to));
        rig.Ask<PullStands>(to => new MergeSnapshot(1, binding, rows, new SnapshotPoint(5, Head, 5), to))
            .Place.NeedsSnapshot.ShouldBeFalse();
    }

    private static PushBatch? Offered(JournalRig rig, string binding) =>
        rig.Ask<RelayRead>(to => new ReadRelay(1, binding, 500, 1 << 20, to)).Batch;

    private static void IsForgotten(JournalRig rig)
    {
        rig.Ask<Entities>(to => new GetEntities("thing", null, null, 100, to))
            .Items.ShouldNotContain(static x => x.EntityId.StartsWith("secret") || x.EntityId.StartsWith("acked") || x.EntityId == "zz");
        using var empty = new JournalRig().Start();
        rig.Digest().Digest.ShouldBe(empty.Digest().Digest);
    }
}
