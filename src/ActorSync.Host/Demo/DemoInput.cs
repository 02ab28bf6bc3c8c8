using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace ActorSync.Host.Demo;

/// <summary>The day that a demo without a file works on: made once a data folder, from a seed that stays in it.</summary>
internal static class DemoInput
{
    /// <summary>The file's name. A run that was killed finds the same bytes again.</summary>
    public static string Prepare(DataFolder folder)
    {
        DataFolder.CreatePrivate(folder.Demo);
        var seed = Seed(folder);
        var day = Path.Combine(folder.Demo, $"day-{seed:x16}.ndjson");
        if (!File.Exists(day))
        {
            Replace(day, output => MusicDay.Write(seed, output));
        }

        return day;
    }

    private static ulong Seed(DataFolder folder)
    {
        var path = Path.Combine(folder.Demo, "seed");
        if (
            File.Exists(path)
            && ulong.TryParse(File.ReadAllText(path).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var known)
        )
        {
            return known;
        }

        var seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Replace(path, output => output.Write(System.Text.Encoding.ASCII.GetBytes($"{seed:x16}\n")));
        return seed;
    }

    private static void Replace(string path, Action<Stream> write)
    {
        var temporary = $"{path}.tmp";
        using (var file = File.Create(temporary))
        {
            using var buffered = new BufferedStream(file, 64 << 10);
            write(buffered);
            buffered.Flush();
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
