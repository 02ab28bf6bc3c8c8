using ActorSync.Journal.Sqlite;
using ActorSync.Tests.Journal;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

public sealed class UpgradeTests : IDisposable
{
    private readonly JournalRig _rig = new();

    [Fact]
    [Trait("criterion", "Q14")]
    public void A_journal_from_before_there_was_pulling_keeps_its_rows_and_has_everything_to_learn()
    {
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"));
        _rig.Stop();
        using (var db = SqliteDb.Open(_rig.Path, null))
        {
            db.Execute("DROP TABLE cursor; DROP TABLE conflict; DROP TABLE quarantine; DROP TABLE relay; PRAGMA user_version = 1");
            db.Execute("DROP TABLE change_log; DROP TABLE changed; DROP TABLE change_epoch; DROP TABLE change_cursor");
        }

        _rig.Start();

        _rig.Counts().Pending.ShouldBe(2);
        var place = _rig.Ask<ActorSync.Journal.InboundProtocol.PullStands>(asker => new ActorSync.Journal.InboundProtocol.OpenPull(
            1,
            "hub|ada",
            OfferAgain: false,
            asker
        )).Place;
        (place.Position, place.NeedsSnapshot, place.HasRelay).ShouldBe((0, true, false));
    }

    public void Dispose() => _rig.Dispose();
}
