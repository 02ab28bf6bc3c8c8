using ActorSync.TestKit.Disk;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.Tests.TestKit;

public sealed class CrashDiskTests(ITestOutputHelper output)
{
    private const int Rows = 150;

    // ACTORSYNC_QUEUE_IMAGES raises it for a longer sweep.
    private static readonly int Images = int.TryParse(Environment.GetEnvironmentVariable("ACTORSYNC_QUEUE_IMAGES"), out var images)
        ? images
        : 2_000;

    [Theory]
    [InlineData("extra", DirectoryRule.Ext4Like)]
    [InlineData("extra", DirectoryRule.PosixMinimal)]
    [InlineData("full", DirectoryRule.Ext4Like)]
    public void A_power_cut_loses_nothing_that_was_synced(string synchronous, DirectoryRule rule)
    {
        var log = QueueWorkload.Record(synchronous, Rows, seed: 42);
        var report = PowerCutSweep.Run(log, rule, Images, seed: 7, QueueWorkload.Verify);
        output.WriteLine($"{synchronous} {rule}: {report}");
        report.Kept.ShouldBe(Images);
    }

    [Theory]
    [InlineData("normal", DirectoryRule.Ext4Like)]
    [InlineData("normal", DirectoryRule.PosixMinimal)]
    [InlineData("off", DirectoryRule.Ext4Like)]
    public void A_power_cut_shows_what_was_not_synced(string synchronous, DirectoryRule rule)
    {
        var log = QueueWorkload.Record(synchronous, Rows, seed: 42);
        var report = PowerCutSweep.Run(log, rule, Images, seed: 7, QueueWorkload.Verify);
        output.WriteLine($"{synchronous} {rule}: {report}");
        (report.Lost + report.Unreadable).ShouldBeGreaterThan(Images / 10);
    }

    [Theory]
    [InlineData(DirectoryRule.Ext4Like, 0)]
    [InlineData(DirectoryRule.PosixMinimal, 1)]
    public void A_new_file_is_as_sure_as_its_directory(DirectoryRule rule, int atLeastOnceMissing)
    {
        var model = new DiskModel(rule);
        model.Sync(model.Create("a", syncsDirectory: false));
        var missing = Enumerable.Range(0, 100).Count(seed => !model.Cut(new Random(seed)).ContainsKey("a"));
        Math.Min(1, missing).ShouldBe(atLeastOnceMissing);

        model.Sync(model.Create("a-wal", syncsDirectory: true));
        Enumerable.Range(0, 100).ShouldAllBe(seed => model.Cut(new Random(seed)).ContainsKey("a"));
    }

    [Fact]
    public void A_deleted_file_may_come_back_until_the_directory_is_synced()
    {
        var model = DiskModel.Of(DirectoryRule.PosixMinimal, new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["a"] = [1] });
        model.Delete("a", syncsDirectory: false);
        Enumerable.Range(0, 100).Count(seed => model.Cut(new Random(seed)).ContainsKey("a")).ShouldBeInRange(10, 90);
    }

    [Fact]
    public void The_same_seed_gives_the_same_images()
    {
        var log = QueueWorkload.Record("normal", 30, seed: 1);
        var first = PowerCutSweep.Run(log, DirectoryRule.Ext4Like, 500, seed: 3, QueueWorkload.Verify);
        PowerCutSweep.Run(log, DirectoryRule.Ext4Like, 500, seed: 3, QueueWorkload.Verify, threads: 1).ShouldBe(first);
        using var image = PowerCutSweep.Image(log, DirectoryRule.Ext4Like, 500, seed: 3, first.FirstBad);
        QueueWorkload.Verify(image, Rows).ShouldNotBe(ImageVerdict.Kept);
    }

    [Theory]
    [InlineData(DiskCallKind.Sync, SqliteAbi.IoErrFsync)]
    [InlineData(DiskCallKind.Write, SqliteAbi.IoErrWrite)]
    [InlineData(DiskCallKind.Write, SqliteAbi.Full)]
    public void A_commit_that_fails_is_told_and_earlier_ones_stand(DiskCallKind kind, int code)
    {
        var fired = 0;
        for (var k = 1; k <= 120; k++)
        {
            using var disk = new CrashDisk(DirectoryRule.Ext4Like, seed: k);
            var done = 0;
            using (var database = new RawDatabase(QueueWorkload.Path, disk.Vfs))
            {
                QueueWorkload.Prepare(database, "extra");
                disk.FailAt(kind, k, code);
                try
                {
                    for (var i = 1; i <= 60; i++)
                    {
                        QueueWorkload.Enqueue(database, i, 500);
                        done = i;
                    }
                }
                catch (RawDatabaseException)
                {
                    fired++;
                }

                disk.Kill();
            }

            QueueWorkload.Verify(disk, done).ShouldBe(ImageVerdict.Kept, $"k = {k}");
        }

        fired.ShouldBeGreaterThan(30);
    }

    [Fact]
    public void A_killed_writer_can_write_no_more_and_its_successor_can()
    {
        using var disk = new CrashDisk(DirectoryRule.Ext4Like);
        using var first = new RawDatabase(QueueWorkload.Path, disk.Vfs);
        QueueWorkload.Prepare(first, "extra");
        QueueWorkload.Enqueue(first, 1, 100);
        first.Execute("begin immediate; insert into ops values(99,null,0)");
        disk.Kill();
        Should.Throw<RawDatabaseException>(() => first.Execute("commit"));

        using var second = new RawDatabase(QueueWorkload.Path, disk.Vfs);
        QueueWorkload.Enqueue(second, 2, 100);
        QueueWorkload.Verify(disk, 2).ShouldBe(ImageVerdict.Kept);
    }

    [Fact]
    public void Two_connections_keep_each_other_from_writing()
    {
        using var disk = new CrashDisk(DirectoryRule.Ext4Like);
        using var one = new RawDatabase(QueueWorkload.Path, disk.Vfs);
        QueueWorkload.Prepare(one, "extra");
        using var other = new RawDatabase(QueueWorkload.Path, disk.Vfs);
        one.Execute("begin immediate; insert into ops values(1,null,0)");
        Should.Throw<RawDatabaseException>(() => other.Execute("begin immediate")).Code.ShouldBe(SqliteAbi.Busy);
        other.Number("select count(*) from ops").ShouldBe(0);
        one.Execute("commit");
        other.Number("select count(*) from ops").ShouldBe(1);
    }

    [Fact]
    public void A_restored_copy_is_what_it_was_and_disks_are_apart()
    {
        using var disk = new CrashDisk(DirectoryRule.Ext4Like);
        using var elsewhere = new CrashDisk(DirectoryRule.Ext4Like);
        using (var database = new RawDatabase(QueueWorkload.Path, disk.Vfs))
        {
            QueueWorkload.Prepare(database, "extra");
            QueueWorkload.Enqueue(database, 1, 100);
            var copy = disk.Snapshot();
            QueueWorkload.Enqueue(database, 2, 100);
            disk.Restore(copy);
        }

        using var restored = new RawDatabase(QueueWorkload.Path, disk.Vfs);
        restored.Number("select max(id) from ops").ShouldBe(1);
        elsewhere.Files.ShouldBeEmpty();
    }

    [Fact]
    public void Pages_of_a_failed_sync_do_not_come_back()
    {
        var inode = new Inode([]);
        for (var i = 0; i < 100; i++)
        {
            inode.Write(i, [1]);
        }

        inode.FailSync(new Random(5));
        inode.Sync();
        inode.Live().ShouldAllBe(x => x == 1);
        inode.Cut(new Random(5), keep: 1).Count(x => x == 1).ShouldBeInRange(20, 80);
    }
}
