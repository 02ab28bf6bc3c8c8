using System.Buffers;
using System.Text.Json;
using ActorSync.Host.Commands;
using ActorSync.Host.Control;

namespace ActorSync.Host.Import;

/// <summary>Writes what waits as lines that import reads: same ids, so that importing them twice, or here again, changes nothing.</summary>
internal static class QueueExport
{
    private const int FlushAt = 64 << 10;

    /// <param name="states">Which rows; pending and parked when none is named.</param>
    /// <returns>How many lines.</returns>
    public static async Task<long> WriteAsync(IDoor door, string path, CancellationToken cancellation, params IReadOnlyList<string> states)
    {
        var temporary = $"{path}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var written = 0L;
        await using (var file = new FileStream(temporary, options))
        {
            foreach (var state in states is [] ? ["pending", "parked"] : states)
            {
                written += await RowsAsync(door, state, file, cancellation);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return written;
    }

    private static async Task<long> RowsAsync(IDoor door, string state, Stream file, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(FlushAt);
        await using var json = new Utf8JsonWriter(buffer);
        var (written, after) = (0L, 0L);
        while (true)
        {
            var page = (await door.AskAsync(Calls.List, new ListAsk(state, after, Rows.Page), cancellation)).Operations;
            foreach (var row in page)
            {
                Line(json, row);
                await json.FlushAsync(cancellation);
                json.Reset();
                buffer.Write("\n"u8);
                after = row.Seq;
                written++;
                if (buffer.WrittenCount >= FlushAt)
                {
                    await FlushAsync(buffer, file, cancellation);
                }
            }

            await FlushAsync(buffer, file, cancellation);
            if (page.Length < Rows.Page)
            {
                return written;
            }
        }
    }

    private static async Task FlushAsync(ArrayBufferWriter<byte> buffer, Stream file, CancellationToken cancellation)
    {
        await file.WriteAsync(buffer.WrittenMemory, cancellation);
        buffer.ResetWrittenCount();
    }

    private static void Line(Utf8JsonWriter json, RowDocument row)
    {
        json.WriteStartObject();
        json.WriteString("operation_id", row.OperationId);
        json.WriteString("entity", row.Entity);
        json.WriteString("entity_id", row.EntityId);
        json.WriteString("op", row.Op);
        if (row.Field is not null)
        {
            json.WriteString("field", row.Field);
        }

        if (!row.Payload.Utf8.IsEmpty)
        {
            json.WritePropertyName("payload");
            json.WriteRawValue(row.Payload.Utf8.Span, skipInputValidation: true);
        }

        json.WriteString("lane", row.Lane);
        json.WriteNumber("schema", row.Schema);
        json.WriteNumber("lamport_ts", row.Lamport);
        json.WriteEndObject();
    }
}
