using System.Runtime.InteropServices;
using System.Text.Json;

namespace ActorSync.Host.Hangar;

/// <summary>A file that holds a JSON array: each element is an item.</summary>
internal static class JsonFileSource
{
    // Far above what the hub takes; only so that a wrong path does not fill the memory.
    private const long MaxBytes = 64 << 20;

    public static async Task CaptureAsync(string path, HangarCapture capture, CancellationToken cancellation)
    {
        await using var file = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            4096,
            useAsync: true
        );
        if (file.Length > MaxBytes)
        {
            throw new IOException($"{path} has {file.Length} bytes; more than {MaxBytes} are not read");
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(file, default, cancellation);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                capture.Incomplete($"{path} holds no JSON array");
                return;
            }

            foreach (var item in document.RootElement.EnumerateArray())
            {
                capture.Add(JsonMarshal.GetRawUtf8Value(item).ToArray());
            }

            capture.Complete();
        }
        catch (JsonException torn)
        {
            // Somebody may be writing it.
            capture.Incomplete($"{path} is no JSON at line {torn.LineNumber + 1}");
        }
    }
}
