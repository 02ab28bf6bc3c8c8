using System.IO.Compression;
using System.Text;
using ActorSync.Host.Import;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class ImporterTests : IDisposable
{
    private readonly DataFolderFixture _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_file_is_taken_over_in_order_in_batches_of_a_thousand()
    {
        var door = new MemoryDoor();

        var result = await ImportAsync(door, File(2500));

        result.Stored.ShouldBe(2500);
        door.Batches.ShouldBe([1000, 1000, 500]);
        door.Rows.Select(static r => r.EntityId).ShouldBe(Enumerable.Range(1, 2500).Select(static i => $"{i}"));
        door.Rows.Select(static r => r.OperationId!.Value.ToString()).ShouldBeInOrder(SortDirection.Ascending, StringComparer.Ordinal);
    }

    [Fact]
    public async Task The_same_file_again_stores_nothing()
    {
        var door = new MemoryDoor();
        await ImportAsync(door, File(2500));

        var again = await ImportAsync(door, File(2500));

        again.Stored.ShouldBe(0);
        again.Skipped.ShouldBe(2500);
        door.Rows.Count.ShouldBe(2500);
    }

    [Fact]
    public async Task The_same_lines_packed_are_the_same_operations_as_far_as_they_name_their_ids()
    {
        var lines = string.Concat(
            Enumerable
                .Range(1, 1500)
                .Select(static i => $$"""{"entity":"e","entity_id":"{{i}}","op":"set","operation_id":"{{Id(i)}}"}""" + "\n")
        );
        var door = new MemoryDoor();
        await ImportAsync(door, _data.Write("plain.ndjson", lines));

        var packed = await ImportAsync(door, _data.Write("packed.ndjson.gz", Gzip(lines)));

        packed.Duplicates.ShouldBe(1500);
        packed.Stored.ShouldBe(0);
        door.Rows.Count.ShouldBe(1500);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_run_that_broke_off_before_a_batch_goes_on_there(int batch)
    {
        var door = new MemoryDoor
        {
            Before = b =>
            {
                if (b == batch)
                {
                    throw new IOException("killed");
                }
            },
        };
        await Should.ThrowAsync<IOException>(() => ImportAsync(door, File(2500)));
        door.Rows.Count.ShouldBe((batch - 1) * 1000);
        door.Before = null;

        var rest = await ImportAsync(door, File(2500));

        rest.Stored.ShouldBe(2500 - ((batch - 1) * 1000));
        rest.Skipped.ShouldBe((batch - 1) * 1000);
        door.Rows.Select(static r => r.EntityId).ShouldBe(Enumerable.Range(1, 2500).Select(static i => $"{i}"));
    }

    [Fact]
    public async Task A_bad_line_stops_with_its_number_and_key_and_what_stands_before_it_is_kept()
    {
        var door = new MemoryDoor();
        var lines = Lines(1700)
            .Replace("""{"entity":"e","entity_id":"1501",""", """{"entity":"","entity_id":"1501",""", StringComparison.Ordinal);
        var file = _data.Write("bad.ndjson", lines);

        var failure = await Should.ThrowAsync<SyncException>(() => ImportAsync(door, file));

        failure.Code.ShouldBe("bad_line");
        failure.Message.ShouldContain("line 1501: entity:");
        door.Rows.Count.ShouldBe(1500);
    }

    [Fact]
    public async Task With_skip_bad_the_bad_lines_are_counted_and_named_also_when_a_second_run_finds_all_taken()
    {
        var door = new MemoryDoor();
        var file = _data.Write("bad.ndjson", $"{Lines(10)}oops\n\n{Lines(12)}");

        var first = await ImportAsync(door, file, skipBad: true);
        var second = await ImportAsync(door, file, skipBad: true);

        first.Stored.ShouldBe(22);
        first.Bad.ShouldBe(1);
        first.FirstBad.ShouldHaveSingleItem().ShouldStartWith("line 11: line:");
        second.Stored.ShouldBe(0);
        second.Skipped.ShouldBe(22);
        second.Bad.ShouldBe(1);
    }

    [Fact]
    public async Task An_interrupted_run_ends_between_two_batches_and_the_next_one_goes_on()
    {
        using var stop = new CancellationTokenSource();
        var door = new MemoryDoor { Before = b => (b == 2 ? stop : new CancellationTokenSource()).Cancel() };

        var first = await ImportAsync(door, File(4500), stop: stop.Token);
        door.Before = null;
        var second = await ImportAsync(door, File(4500));

        first.Interrupted.ShouldBeTrue();
        first.Stored.ShouldBe(2000);
        second.Interrupted.ShouldBeFalse();
        second.Skipped.ShouldBe(2000);
        door.Rows.Select(static r => r.EntityId).ShouldBe(Enumerable.Range(1, 4500).Select(static i => $"{i}"));
    }

    [Fact]
    public async Task A_full_queue_is_waited_for_when_somebody_drains_it()
    {
        var refusals = 2;
        var door = new MemoryDoor
        {
            Drains = true,
            Before = b =>
            {
                if (b == 2 && refusals-- > 0)
                {
                    throw new JournalFullException(1000);
                }
            },
        };

        var result = await ImportAsync(door, File(1500));

        refusals.ShouldBe(-1);
        result.Stored.ShouldBe(1500);
        door.Rows.Count.ShouldBe(1500);
    }

    [Fact]
    public async Task A_full_queue_that_nobody_drains_ends_the_import()
    {
        var door = new MemoryDoor { Before = _ => throw new JournalFullException(1000) };

        (await Should.ThrowAsync<SyncException>(() => ImportAsync(door, File(10)))).Code.ShouldBe("journal_full");
    }

    [Fact]
    public async Task A_packed_file_that_ends_early_is_told_and_what_was_whole_is_kept()
    {
        var whole = Gzip(Lines(50_000));
        var door = new MemoryDoor();

        var failure = await Should.ThrowAsync<SyncException>(() => ImportAsync(door, _data.Write("cut.gz", whole[..(whole.Length / 2)])));

        failure.Code.ShouldBe("bad_line");
        door.Rows.Count.ShouldBeGreaterThan(0);
        door.Rows.Select(static r => r.EntityId).ShouldBe(Enumerable.Range(1, door.Rows.Count).Select(static i => $"{i}"));
    }

    [Fact]
    public async Task Stdin_is_copied_for_its_digest_and_the_copy_is_gone_afterwards()
    {
        var door = new MemoryDoor();
        await ImportAsync(door, File(1500));

        await using (
            var source = await ImportSource.OpenAsync("-", () => System.IO.File.OpenRead(File(1500)), _data.Folder, CancellationToken.None)
        )
        {
            var result = await new Importer(door, TimeProvider.System, source, skipBad: false, new ImportProgress()).RunAsync(
                CancellationToken.None
            );
            result.Skipped.ShouldBe(1500);
            if (!OperatingSystem.IsWindows())
            {
                Directory.EnumerateFiles(_data.Folder.Spool).ShouldBeEmpty("a kill now would leave nothing");
            }
        }

        Directory.EnumerateFiles(_data.Folder.Spool).ShouldBeEmpty();
    }

    [Fact]
    [Trait("criterion", "Q16")]
    public async Task Two_devices_that_take_over_the_same_file_make_operations_of_their_own_each_the_same_ones_again()
    {
        var (first, second, again) = (new MemoryDoor(), new MemoryDoor(), new MemoryDoor());

        await ImportAsync(first, File(100), device: "one");
        await ImportAsync(second, File(100), device: "two");
        await ImportAsync(again, File(100), device: "one");

        first.Rows.Select(static row => row.OperationId).Intersect(second.Rows.Select(static row => row.OperationId)).ShouldBeEmpty();
        again.Rows.Select(static row => row.OperationId).ShouldBe(first.Rows.Select(static row => row.OperationId));
    }

    private async Task<ImportResult> ImportAsync(
        MemoryDoor door,
        string file,
        bool skipBad = false,
        string device = "one",
        CancellationToken stop = default
    )
    {
        await using var source = await ImportSource.OpenAsync(file, () => Stream.Null, _data.Folder, CancellationToken.None);
        return await new Importer(door, TimeProvider.System, source, skipBad, new ImportProgress()) { Device = device }.RunAsync(stop);
    }

    private string File(int lines) => _data.Write($"{lines}.ndjson", Lines(lines));

    private static string Lines(int count) =>
        string.Concat(
            Enumerable.Range(1, count).Select(static i => $$"""{"entity":"e","entity_id":"{{i}}","op":"set","payload":{{i}}}""" + "\n")
        );

    private static string Id(int i) => $"01890a5d-ac96-774b-bcce-{i:x12}";

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
