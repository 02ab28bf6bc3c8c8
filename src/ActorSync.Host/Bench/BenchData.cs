using System.Text;
using ActorSync.Model;

namespace ActorSync.Host.Bench;

/// <summary>Operations of about 200 bytes, the same in every run and for every contender.</summary>
internal static class BenchData
{
    private const int PayloadKinds = 1024;
    private const int Entities = 4096;
    private const int PayloadBytes = 190;

    private static readonly byte[][] Payloads = [.. Enumerable.Range(0, PayloadKinds).Select(Payload)];
    private static readonly string[] Ids = [.. Enumerable.Range(0, Entities).Select(i => $"w-{unchecked((uint)i * 2654435761u):x8}")];

    /// <summary>Those of the journal's tests of scale: one entity kind, 4,096 ids, canonical JSON.</summary>
    public static NewOperation Operation(long number, Lane lane = Lane.Bulk) =>
        new()
        {
            Entity = "workout",
            EntityId = Ids[number & (Entities - 1)],
            Payload = Payloads[number & (PayloadKinds - 1)],
            Lane = lane,
        };

    private static byte[] Payload(int seed)
    {
        // A small generator of our own: the text must not depend on a framework's idea of chance.
        var state = (uint)(seed * 747796405) + 2891336453;
        var text = new StringBuilder("{\"name\":\"Exercise ").Append(seed).Append("\",\"notes\":\"");
        while (text.Length < PayloadBytes - 24)
        {
            state = (state * 1664525) + 1013904223;
            text.Append((char)('a' + (state >> 24) % 26));
        }

        text.Append("\",\"reps\":").Append(seed % 30).Append(",\"weight\":").Append(seed % 200).Append(".5}");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
