using ActorSync.Host.Demo;
using ActorSync.Host.Import;
using ActorSync.Model;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class MusicDayTests
{
    [Fact]
    public void The_same_seed_makes_the_same_day_and_another_one_another()
    {
        Day(42).ShouldBe(Day(42));
        Day(42).ShouldNotBe(Day(43));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ulong.MaxValue)]
    public void Each_line_of_a_day_is_an_operation_that_the_journal_takes(ulong seed)
    {
        var reader = new LineReader(new MemoryStream(Day(seed)));
        var parser = new OperationLine();
        var operations = new List<NewOperation>();
        while (reader.Read(out var line) == LineKind.Line)
        {
            parser.Read(line, OperationIdSource.ForLine(new byte[32], reader.Number), out var operation).ShouldBeNull();
            operations.Add(operation!);
        }

        operations.Count.ShouldBeInRange(3_000, 10_000);
        operations
            .Select(static o => o.Kind)
            .Distinct()
            .ShouldBe([OperationKind.Insert, OperationKind.Set, OperationKind.Delete], ignoreOrder: true);
        operations.Select(static o => o.Lane).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void A_data_folder_keeps_its_day()
    {
        using var data = new DataFolderFixture();
        var first = File.ReadAllBytes(DemoInput.Prepare(data.Folder));
        File.Delete(DemoInput.Prepare(data.Folder));

        File.ReadAllBytes(DemoInput.Prepare(data.Folder)).ShouldBe(first);
    }

    private static byte[] Day(ulong seed)
    {
        using var output = new MemoryStream();
        var made = MusicDay.Write(seed, output);
        var bytes = output.ToArray();
        bytes.Count(static b => b == '\n').ShouldBe(made);
        return bytes;
    }
}
