using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using Shouldly;
using Xunit;
using Xunit.Abstractions;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>A byte of the file or of its log is another one. What is noticed is named as damage; nothing else may happen than that or other content.</summary>
public sealed class DamageTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = JournalRig.NewFolder();

    [Theory]
    [InlineData("journal.db", 101)]
    [InlineData("journal.db-wal", 257)]
    [Trait("criterion", "Q15")]
    [Trait("criterion", "I19")]
    public void A_flipped_byte_is_found_as_damage_or_changes_content_only(string part, int stride)
    {
        var original = Original();
        var (noticed, fine, strange) = (0, 0, new List<string>());
        var length = original[part].Length;
        for (var at = 0; at < length; at += stride)
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder, "flipped")).FullName;
            foreach (var (name, bytes) in original)
            {
                var copy = bytes.ToArray();
                if (name == part)
                {
                    copy[at] ^= (byte)(1 << (at % 8));
                }

                File.WriteAllBytes(Path.Combine(folder, name), copy);
            }

            switch (Use(Path.Combine(folder, "journal.db")))
            {
                case null:
                    fine++;
                    break;
                case JournalOpenException { Code: "journal_corrupt" or "journal_foreign" or "journal_newer" }:
                case SqliteFailure { IsCorruption: true }:
                    noticed++;
                    break;
                case var other:
                    strange.Add($"{part}[{at}]: {other.GetType().Name} {other.Message} {other.StackTrace!.Split('\n')[0]}");
                    break;
            }

            Directory.Delete(folder, recursive: true);
        }

        output.WriteLine($"{part}: {length} bytes, {noticed} flips noticed, {fine} without effect here");
        strange.ShouldBeEmpty();
        // SQLite itself looks at little of a page; of the log every byte counts, but for the header and the last two transactions.
        noticed.ShouldBeGreaterThan(part == "journal.db" ? 10 : (length - (2 * 6 * 4120)) / stride * 9 / 10);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Rows in each state, some of them in the file and some in the log.
    private static Dictionary<string, byte[]> Original()
    {
        using var rig = new JournalRig().Start();
        rig.Enqueue([
            .. Enumerable
                .Range(0, 40)
                .Select(i => JournalRig.Set($"k{i % 7}", $"\"{new string('p', i * 9)}\"", (Lane)(i % 3 == 0 ? 1 : 0))),
        ]);
        rig.DrainAll(Lane.Bulk);
        var pass = rig.Open(Lane.Priority);
        var batch = rig.Read(Lane.Priority, pass, 3)!;
        rig.Settle(pass, batch, JournalRig.Accept(batch, [0, 1]));
        rig.Settle(pass, batch, JournalRig.Reject(2));
        rig.Digest();
        rig.Crash();
        rig.Start();
        for (var i = 0; i < 12; i++)
        {
            rig.Enqueue(JournalRig.Set($"k{i % 9}"), JournalRig.Bulk($"k{i % 9}"));
        }

        var copy = Path.Combine(rig.Folder, "copy.db");
        rig.CopyTo(copy);
        return new() { ["journal.db"] = File.ReadAllBytes(copy), ["journal.db-wal"] = File.ReadAllBytes(copy + "-wal") };
    }

    // All that a journal does with its file. Null when nothing was noticed.
    private static Exception? Use(string path)
    {
        try
        {
            using var store = new JournalStore(path, JournalRig.DefaultSettings, SyncPlatform.Real(), new JournalStatistics());
            store.Queries.Counts();
            store.Queries.ReadSettings();
            foreach (var state in Enum.GetValues<RowState>())
            {
                store.Queries.List(state, 0, 100);
            }

            foreach (var step in store.RetryAll(static _ => { }))
            {
                step.ShouldBe(JournalStep.More);
            }

            foreach (var lane in Enum.GetValues<Lane>())
            {
                Drain(store, lane);
            }

            while (store.Folding.Fold(100))
            {
                continue;
            }

            Run(store.Replica.Digest((_, _) => { }));
            Run(store.Entities.Read(new GetEntities("thing", null, null, 100, Akka.Actor.ActorRefs.Nobody), _ => { }));
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static void Drain(JournalStore store, Lane lane)
    {
        var pass = store.Tables[lane].Open(store.Tables.Row.Mark(lane));
        PushBatch? batch;
        do
        {
            batch = null;
            Run(store.Reader.Read(lane, pass, 10, 1 << 20, read => batch = read));
            if (batch is not null)
            {
                store.Settle(batch, JournalRig.AcceptAll(batch), []);
                store.Reader.Release(batch);
            }
        } while (batch is not null);
    }

    private static void Run(IEnumerable<JournalStep> steps)
    {
        foreach (var _ in steps)
        {
            continue;
        }
    }
}
