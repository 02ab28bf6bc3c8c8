using System.Text.Json;
using ActorSync.Host.Hangar;
using ActorSync.Tests.Auth;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

/// <summary>The host's sources: a JSON file and a folder.</summary>
public sealed class PathSourceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_gives_the_elements_of_its_array()
    {
        await File.WriteAllTextAsync(_folder["side.json"], """[ {"b":1,"a":2}, "two", null ]""");

        var (capture, items) = await CaptureAsync(_folder["side.json"]);

        capture.IsComplete.ShouldBeTrue();
        items.ShouldBe("""[{"a":2,"b":1},"two",null]""");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1, 2")]
    [InlineData("[1, 2] 3")]
    [InlineData("""{"items":[1]}""")]
    [Trait("criterion", "G2")]
    public async Task A_file_that_is_being_written_or_is_no_array_is_partial(string content)
    {
        await File.WriteAllTextAsync(_folder["side.json"], content);

        var (capture, _) = await CaptureAsync(_folder["side.json"]);

        capture.IsComplete.ShouldBeFalse();
        capture.Problem!.ShouldContain("side.json");
    }

    [Fact]
    [Trait("criterion", "G2")]
    public async Task A_path_that_is_not_there_is_partial_and_no_empty_collection()
    {
        var (capture, _) = await CaptureAsync(_folder["nothing"]);

        capture.IsComplete.ShouldBeFalse();
        capture.Problem!.ShouldContain("is not there");
    }

    [Fact]
    public async Task A_folder_gives_one_item_a_file_in_the_order_of_their_paths()
    {
        Directory.CreateDirectory(_folder["music/b"]);
        await File.WriteAllTextAsync(_folder["music/z.flac"], "abc");
        await File.WriteAllTextAsync(_folder["music/b/é.flac"], "");
        await File.WriteAllTextAsync(_folder["music/B.flac"], "x");
        foreach (var file in Directory.EnumerateFiles(_folder["music"], "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        }

        var (capture, items) = await CaptureAsync(_folder["music"]);

        capture.IsComplete.ShouldBeTrue();
        var found = JsonDocument.Parse(items).RootElement.EnumerateArray().ToList();
        found.Select(x => x.GetProperty("path").GetString()).ShouldBe(["B.flac", "b/é.flac", "z.flac"]);
        found[2]
            .GetRawText()
            .ShouldBe(
                """{"modified":"2026-01-02T03:04:05.000Z","path":"z.flac","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}"""
            );
    }

    [Fact]
    public async Task A_folder_that_is_looked_at_again_reads_only_what_changed_and_forgets_what_is_gone()
    {
        await File.WriteAllTextAsync(_folder["a"], "one");
        await File.WriteAllTextAsync(_folder["b"], "two");
        var source = new FolderSource(_folder[""]);
        var (_, first) = await CaptureAsync(source);
        var (_, again) = await CaptureAsync(source);
        again.ShouldBe(first);

        // The same size and time: as far as a look can tell, the same file.
        var time = File.GetLastWriteTimeUtc(_folder["a"]);
        await File.WriteAllTextAsync(_folder["a"], "eno");
        File.SetLastWriteTimeUtc(_folder["a"], time);
        (await CaptureAsync(source)).Items.ShouldBe(first);

        File.SetLastWriteTimeUtc(_folder["a"], time.AddSeconds(1));
        File.Delete(_folder["b"]);
        var (capture, changed) = await CaptureAsync(source);

        capture.IsComplete.ShouldBeTrue();
        capture.Items.ShouldBe(1);
        changed.ShouldNotBe(first);
    }

    [Fact]
    public async Task Links_are_not_followed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(_folder["secret"]);
        Directory.CreateDirectory(_folder["music"]);
        await File.WriteAllTextAsync(_folder["secret/key"], "secret");
        Directory.CreateSymbolicLink(_folder["music/link"], _folder["secret"]);
        Directory.CreateSymbolicLink(_folder["music/loop"], _folder["music"]);
        File.CreateSymbolicLink(_folder["music/key"], _folder["secret/key"]);
        await File.WriteAllTextAsync(_folder["music/a"], "a");

        var (capture, _) = await CaptureAsync(_folder["music"]);

        (capture.IsComplete, capture.Items).ShouldBe((true, 1));
    }

    [Fact]
    public async Task A_cancelled_capture_ends()
    {
        await File.WriteAllTextAsync(_folder["a"], "one");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() =>
            new PathSource(_folder[""]).CaptureAsync(new HangarCapture("default", DateTimeOffset.UnixEpoch, 1000), cancelled.Token)
        );
    }

    private static Task<(HangarCapture Capture, string Items)> CaptureAsync(string path) => CaptureAsync(new PathSource(path).CaptureAsync);

    private static Task<(HangarCapture Capture, string Items)> CaptureAsync(FolderSource source) => CaptureAsync(source.CaptureAsync);

    private static async Task<(HangarCapture Capture, string Items)> CaptureAsync(Func<HangarCapture, CancellationToken, Task> source)
    {
        var capture = new HangarCapture("default", DateTimeOffset.UnixEpoch, 1 << 20);
        await source(capture, CancellationToken.None);
        return (capture, JsonDocument.Parse(capture.Close().Body).RootElement.GetProperty("items").GetRawText());
    }
}
