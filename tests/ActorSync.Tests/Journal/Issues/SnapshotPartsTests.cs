using System.Text;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Xunit;
using static ActorSync.Journal.InboundProtocol;

namespace ActorSync.Tests.Journal.Issues;

/// <summary>What one part of a snapshot brought was taken, in the next part, for something of ours that the hub lacks, and was sent back to it.</summary>
public sealed class SnapshotPartsTests
{
    private const string Binding = "https://hub.test/|ada";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [Trait("criterion", "D22")]
    public void Nothing_of_a_snapshot_that_comes_in_parts_is_offered_back(int rowsInAPart)
    {
        using var rig = new JournalRig().Start();
        var point = new SnapshotPoint(20, new string('a', 64), 20);
        rig.Ask<PullStands>(to => new OpenPull(1, Binding, OfferAgain: false, to));
        rig.Ask<PullStands>(to => new BeginSnapshot(1, Binding, to));
        var parts = Enumerable.Range(0, 20).Chunk(rowsInAPart).ToArray();
        foreach (var part in parts)
        {
            rig.Ask<PullStands>(to => new MergeSnapshot(1, Binding, [.. part.Select(Row)], part == parts[^1] ? point : null, to));
        }

        var stands = rig.Ask<PullStands>(to => new OpenPull(2, Binding, OfferAgain: false, to));

        (stands.Place.NeedsSnapshot, stands.Place.HasRelay).ShouldBe((false, false));
        rig.Ask<RelayRead>(to => new ReadRelay(2, Binding, 500, 1 << 20, to)).Batch.ShouldBeNull();
    }

    private static SnapshotRow Row(int number) =>
        new(
            Encoding.UTF8.GetBytes("thing"),
            Encoding.UTF8.GetBytes($"t{number:D2}"),
            IsTombstone: false,
            Encoding.UTF8.GetBytes(""),
            Encoding.UTF8.GetBytes("1"),
            number + 1,
            new DeviceId("other"),
            new OperationId(Guid.Parse($"01890000-0000-7000-8000-0000000000{number:D2}"))
        );
}
