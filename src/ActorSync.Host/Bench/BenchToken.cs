using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Bench;

/// <summary>A token for the sink: three segments, far from its end, signed by nobody. The sink reads the device back from it.</summary>
internal static class BenchToken
{
    private static readonly string Header = Segment("""{"alg":"none"}""");

    public static async Task UseAsync(SyncProfile profile, Uri sink, CancellationToken stop)
    {
        var device = (await profile.GetCountsAsync(stop).ConfigureAwait(false)).Device;
        var body = $$"""{"sub":"bench","exp":4070908800,"device":"{{device}}"}""";
        await profile.UseTokenAsync(sink, $"{Header}.{Segment(body)}.{Segment("nobody")}", stop).ConfigureAwait(false);
    }

    public static string DeviceOf(string token)
    {
        using var body = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        return body.RootElement.GetProperty("device").GetString()!;
    }

    private static string Segment(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
