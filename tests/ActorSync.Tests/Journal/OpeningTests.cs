using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Journal;

public sealed class OpeningTests : IDisposable
{
    private readonly JournalRig _rig = new();

    [Theory]
    [InlineData("NORMAL", "1")]
    [InlineData("OFF", "0")]
    [InlineData("FULL", "2")]
    [Trait("criterion", "Q11")]
    public void A_pragma_that_reads_back_differently_fails_the_start_with_the_value_seen(string synchronous, string seen)
    {
        var refused = Should.Throw<JournalOpenException>(() => JournalFile.Open(_rig.Path, _rig.Settings, _rig.Platform, synchronous));
        refused.Code.ShouldBe("journal_misconfigured");
        refused.Message.ShouldContain($"synchronous of {_rig.Path} reads {seen} and must be 3");
        // And lets go of the file.
        _rig.Start();
    }

    [Fact]
    [Trait("criterion", "Q12")]
    [Trait("criterion", "I18")]
    public void A_second_one_on_the_same_file_is_refused_by_the_name_of_the_first()
    {
        _rig.Start();
        var refused = Should.Throw<JournalOpenException>(() => JournalFile.Open(_rig.Path, _rig.Settings, SyncPlatform.Real()));
        refused.Code.ShouldBe("journal_locked");
        refused.Message.ShouldContain($"process {Environment.ProcessId} (");
        _rig.Enqueue(JournalRig.Set("a"));
        _rig.Stop();
        File.Exists(_rig.Path + ".owner").ShouldBeFalse();
        JournalFile.Open(_rig.Path, _rig.Settings, SyncPlatform.Real()).Dispose();
    }

    [Fact]
    [Trait("criterion", "Q12")]
    public void A_lock_whose_owner_cannot_be_written_is_held_and_let_go()
    {
        Directory.CreateDirectory(_rig.Path + ".owner");
        JournalFile.Open(_rig.Path, _rig.Settings, SyncPlatform.Real()).Dispose();
        using var again = JournalFile.Open(_rig.Path, _rig.Settings, SyncPlatform.Real());
        Should
            .Throw<JournalOpenException>(() => JournalFile.Open(_rig.Path, _rig.Settings, SyncPlatform.Real()))
            .Code.ShouldBe("journal_locked");
    }

    [Theory]
    [InlineData("PRAGMA user_version = 99", "journal_newer", "schema 99")]
    [InlineData("PRAGMA application_id = 7", "journal_foreign", "not a journal")]
    [Trait("criterion", "Q14")]
    public void A_newer_or_a_foreign_file_is_refused_and_left_byte_for_byte(string change, string code, string says)
    {
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("a"));
        var copy = Path.Combine(_rig.Folder, "other.db");
        _rig.CopyTo(copy);
        var kept = Path.Combine(_rig.Folder, "kept.db");
        using (var db = SqliteDb.Open(copy, null))
        {
            // In the log, not in the file: closing without care would move it over.
            db.LeaveAsIs(true);
            db.Execute(change);
        }

        _rig.Stop();
        foreach (var part in new[] { "", "-wal" })
        {
            File.Copy(copy + part, kept + part);
        }

        _rig.Path = copy;
        var refused = _rig.StartFails().ShouldBeOfType<JournalOpenException>();
        (refused.Code, refused.Path).ShouldBe((code, copy));
        refused.Message.ShouldContain(says);
        File.ReadAllBytes(copy).ShouldBe(File.ReadAllBytes(kept));
        File.ReadAllBytes(copy + "-wal").ShouldBe(File.ReadAllBytes(kept + "-wal"));
    }

    [Fact]
    [Trait("criterion", "Q15")]
    public void Garbage_in_place_of_the_file_is_reported_with_a_remedy_and_kept()
    {
        File.WriteAllText(_rig.Path, new string('x', 8192));
        var refused = _rig.StartFails().ShouldBeOfType<JournalOpenException>();
        (refused.Code, refused.Path).ShouldBe(("journal_corrupt", _rig.Path));
        refused.Remedy.ShouldContain("actorsync doctor");
        File.ReadAllText(_rig.Path).ShouldBe(new string('x', 8192));
    }

    [Fact]
    [Trait("criterion", "Q15")]
    [Trait("criterion", "I19")]
    public void A_journal_that_lost_its_bytes_is_never_made_anew()
    {
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("a"));
        var copy = Path.Combine(_rig.Folder, "copy.db");
        _rig.CopyTo(copy);
        _rig.Stop();
        var first = _rig.Path;
        // Cleanly closed, then emptied.
        File.WriteAllBytes(first, []);
        _rig.StartFails().ShouldBeOfType<JournalOpenException>().Code.ShouldBe("journal_corrupt");
        // Its log is there: SQLite would delete it.
        var log = File.ReadAllBytes(copy + "-wal");
        log.Length.ShouldBeGreaterThan(0);
        _rig.Path = copy;
        File.WriteAllBytes(copy, []);
        _rig.StartFails().ShouldBeOfType<JournalOpenException>().Code.ShouldBe("journal_corrupt");
        File.Delete(copy);
        _rig.StartFails().ShouldBeOfType<JournalOpenException>().Code.ShouldBe("journal_corrupt");
        File.ReadAllBytes(copy + "-wal").ShouldBe(log);
        // Moved away, as the remedy says: a new one.
        File.Delete(first);
        _rig.Path = first;
        _rig.Start();
        _rig.Counts().Pending.ShouldBe(0);
    }

    [Theory]
    [InlineData("DELETE FROM clock")]
    [InlineData("UPDATE clock SET next_seq = 2")]
    [InlineData("UPDATE clock SET pending_priority = -1")]
    [InlineData("UPDATE clock SET mark_bulk = 99")]
    [Trait("criterion", "I19")]
    public void Counters_that_contradict_the_rows_are_noticed_at_the_start(string damage)
    {
        Damaged(damage);
        _rig.StartFails().ShouldBeOfType<JournalOpenException>().Code.ShouldBe("journal_corrupt");
    }

    [Theory]
    [InlineData("UPDATE clock SET pending_priority = pending_priority + 1", false)]
    [InlineData("DELETE FROM op_journal", false)]
    [InlineData("UPDATE clock SET unfolded = 3", true)]
    [Trait("criterion", "I19")]
    public void Rows_that_are_counted_and_not_there_are_noticed_when_they_are_looked_for(string damage, bool folded)
    {
        Damaged(damage);
        _rig.Start();
        if (folded)
        {
            _rig.Port.Tell(new JournalProtocol.GetDigest(_rig.Client.Ref));
        }
        else
        {
            Should.Throw<Exception>(() => _rig.DrainAll(Lane.Priority));
        }

        var failed = _rig.Parent.Fish<JournalRig.Failed>().Cause.ShouldBeOfType<JournalOpenException>();
        failed.Code.ShouldBe("journal_corrupt");
        failed.Message.ShouldContain("counted and not there");
    }

    [Fact]
    [Trait("criterion", "Q5")]
    public void A_kill_between_the_schema_and_the_first_device_id_is_no_damage()
    {
        using (var db = SqliteDb.Open(_rig.Path, null))
        {
            var assembly = typeof(JournalFile).Assembly;
            using var script = new StreamReader(assembly.GetManifestResourceStream("ActorSync.Journal.Schema.001-initial.sql")!);
            db.Execute(script.ReadToEnd());
            db.Execute($"PRAGMA application_id = {0x41537931}; PRAGMA user_version = 1");
        }

        _rig.Start().Counts().Device.Value.Length.ShouldBe(36);
    }

    public void Dispose() => _rig.Dispose();

    private void Damaged(string damage)
    {
        _rig.Start();
        _rig.Enqueue(JournalRig.Set("a"), JournalRig.Set("b"), JournalRig.Set("c"));
        _rig.Stop();
        using var db = SqliteDb.Open(_rig.Path, null);
        db.Execute(damage);
    }
}
