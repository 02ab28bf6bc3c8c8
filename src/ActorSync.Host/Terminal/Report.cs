using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorSync.Host.Control;

namespace ActorSync.Host.Terminal;

/// <summary>What goes to stdout for programs, and failures to whoever asked.</summary>
internal static class Report
{
    // It goes to a terminal or a program, never into a page: quotes and foreign letters stay as they are.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One document, one line.</summary>
    public static void Document<T>(HostIo io, T document, JsonTypeInfo<T> type)
    {
        var utf8 = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(utf8, Readable))
        {
            JsonSerializer.Serialize(json, document, type);
        }

        io.Out.WriteLine(Encoding.UTF8.GetString(utf8.WrittenSpan));
        io.Out.Flush();
    }

    public static void Failure(HostIo io, bool json, SyncException failure)
    {
        if (json)
        {
            Document(io, FailureDocument.Of(failure), HostJson.Default.FailureDocument);
            return;
        }

        io.Error.WriteLine($"actorsync: {failure.Code}: {Plain.Text(failure.Message, 2000)}");
        if (failure.Remedy.Length > 0)
        {
            io.Error.WriteLine($"  remedy: {Plain.Text(failure.Remedy, 2000)}");
        }
    }
}
