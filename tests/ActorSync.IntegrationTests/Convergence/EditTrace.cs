using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace ActorSync.IntegrationTests.Convergence;

/// <summary>Edits of several writers, cut by writer: each is a device, and its edits come in files one after the other.</summary>
/// <param name="Writers">The files of each writer, in the order of its edits.</param>
/// <param name="Operations">Of all of them.</param>
internal sealed record EditTrace(IReadOnlyList<IReadOnlyList<string>> Writers, long Operations)
{
    /// <summary>Three writers at one document: they insert characters, set titles that all of them set, and delete what others wrote.</summary>
    public static EditTrace Generate(string folder, int operationsEach, int parts, int seed)
    {
        var chance = new Random(seed);
        var writers = Enumerable
            .Range(1, 3)
            .Select(writer => Enumerable.Range(1, operationsEach).Select(i => Line(chance, writer, i)).ToList())
            .ToList();
        return Write(folder, writers, parts);
    }

    /// <summary>Lines of JSON with a <c>writer</c> beside the keys of an import; <c>.gz</c> too.</summary>
    public static EditTrace Read(string path, string folder, int parts)
    {
        var writers = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        using var file = File.OpenRead(path);
        using Stream content = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(content);
        while (reader.ReadLine() is { } line)
        {
            using var edit = JsonDocument.Parse(line);
            var writer = edit.RootElement.GetProperty("writer").GetString()!;
            if (!writers.TryGetValue(writer, out var own))
            {
                writers.Add(writer, own = []);
            }

            own.Add(line);
        }

        return Write(folder, [.. writers.Values], parts);
    }

    private static EditTrace Write(string folder, List<List<string>> writers, int parts)
    {
        Directory.CreateDirectory(folder);
        var files = writers.Select(
            (lines, writer) =>
                (IReadOnlyList<string>)
                    [
                        .. lines
                            .Chunk((lines.Count + parts - 1) / parts)
                            .Select(
                                (part, number) =>
                                {
                                    var path = Path.Combine(folder, $"writer-{writer + 1}.{number}.ndjson");
                                    File.WriteAllLines(path, part);
                                    return path;
                                }
                            ),
                    ]
        );
        return new EditTrace([.. files], writers.Sum(static lines => lines.Count));
    }

    private static string Line(Random chance, int writer, int number)
    {
        var of = string.Create(CultureInfo.InvariantCulture, $"\"writer\":\"writer-{writer}\"");
        return chance.Next(10) switch
        {
            < 2 => string.Create(
                CultureInfo.InvariantCulture,
                $"{{{of},\"entity\":\"document\",\"entity_id\":\"d{chance.Next(7)}\",\"op\":\"set\",\"payload\":{{\"title\":\"{writer}/{number}\",\"of-{writer}\":{number}}}}}"
            ),
            < 4 => string.Create(
                CultureInfo.InvariantCulture,
                $"{{{of},\"entity\":\"character\",\"entity_id\":\"{chance.Next(number) + 1}@writer-{chance.Next(3) + 1}\",\"op\":\"delete\"}}"
            ),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"{{{of},\"entity\":\"character\",\"entity_id\":\"{number}@writer-{writer}\",\"op\":\"insert\",\"payload\":{{\"after\":\"{number - 1}@writer-{writer}\",\"value\":\"{(char)('a' + (number % 26))}\"}}}}"
            ),
        };
    }
}
