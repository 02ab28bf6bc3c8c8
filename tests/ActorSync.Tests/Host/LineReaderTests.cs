using System.Text;
using ActorSync.Host.Import;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n", new[] { "a" })]
    [InlineData("a\r\nb\n\nc", new[] { "a", "b", "", "c" })]
    [InlineData("\uFEFFa\n\uFEFFb", new[] { "a", "\uFEFFb" })]
    public void Lines_end_with_LF_or_CRLF_and_a_mark_at_the_start_goes(string text, string[] lines) =>
        Lines(new MemoryStream(Encoding.UTF8.GetBytes(text))).ShouldBe(lines);

    [Fact]
    public void A_line_that_is_too_long_is_passed_over_and_the_next_ones_are_whole()
    {
        var text = $"first\n{new string('x', (3 * LineReader.MaxLine) + 5)}\nthird\n{new string('y', LineReader.MaxLine)}\n";

        var lines = Lines(new MemoryStream(Encoding.UTF8.GetBytes(text)));

        lines.Count.ShouldBe(4);
        lines[0].ShouldBe("first");
        lines[1].ShouldBe("(too long)");
        lines[2].ShouldBe("third");
        lines[3]!.Length.ShouldBe(LineReader.MaxLine);
    }

    [Fact]
    public void A_last_line_that_is_too_long_is_told_and_then_the_end_comes() =>
        Lines(new MemoryStream(Encoding.UTF8.GetBytes($"a\n{new string('x', LineReader.MaxLine + 1)}"))).ShouldBe(["a", "(too long)"]);

    [Fact]
    public void However_the_stream_is_cut_the_lines_are_the_same()
    {
        var text = Gen.Elements("", "x", "héllo", new string('a', 300_000), "\r", "tail\r").ListOf().Select(l => string.Join('\n', l));
        var property = Prop.ForAll(
            text.ToArbitrary(),
            Gen.Choose(1, 70_000).ToArbitrary(),
            (whole, piece) =>
            {
                var bytes = Encoding.UTF8.GetBytes(whole);
                var expected = whole.Split('\n').Select(static l => l.EndsWith('\r') ? l[..^1] : l).ToList();
                if (whole.Length == 0 || whole.EndsWith('\n'))
                {
                    expected.RemoveAt(expected.Count - 1);
                }

                return Lines(new SlowStream(bytes, piece)).SequenceEqual(expected, StringComparer.Ordinal);
            }
        );

        property.Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private static List<string?> Lines(Stream stream)
    {
        var reader = new LineReader(stream);
        var lines = new List<string?>();
        while (true)
        {
            switch (reader.Read(out var line))
            {
                case LineKind.End:
                    reader.Number.ShouldBe(lines.Count);
                    return lines;
                case LineKind.TooLong:
                    lines.Add("(too long)");
                    break;
                default:
                    lines.Add(Encoding.UTF8.GetString(line));
                    break;
            }
        }
    }

    // Gives at most so many bytes a read.
    private sealed class SlowStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));
    }
}
