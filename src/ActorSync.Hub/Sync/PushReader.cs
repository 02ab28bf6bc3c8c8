using System.Text;
using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>Reads the body of a push straight from its bytes. A fault of one operation is kept with it; only the envelope's own fault ends the reading.</summary>
internal static class PushReader
{
    /// <summary>Null when it was read; else what is wrong with the envelope.</summary>
    public static string? Read(ReadOnlyMemory<byte> body, PushRequest push)
    {
        // No bound on depth here: a payload that nests too deep is that operation's fault.
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            return Envelope(ref reader, body, push);
        }
        catch (JsonException e)
        {
            return $"the body is not JSON: {e.Message}";
        }
    }

    private static string? Envelope(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, PushRequest push)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "the body is no JSON object";
        }

        var seen = Seen.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = EnvelopeName(ref reader);
            if (name != Seen.None && (seen & name) != Seen.None)
            {
                return "the body repeats a field";
            }

            seen |= name;
            reader.Read();
            var fault = name switch
            {
                Seen.Device => Device(ref reader, push),
                Seen.Clock => Clock(ref reader, push),
                Seen.Known => Known(ref reader, push),
                Seen.Ops => Ops(ref reader, body, push),
                _ => Skip(ref reader),
            };
            if (fault is not null)
            {
                return fault;
            }
        }

        // The reader sees that nothing follows.
        reader.Read();
        return (seen & Seen.Device) == Seen.None ? "device_id: is missing"
            : (seen & Seen.Ops) == Seen.None ? "ops: is missing"
            : null;
    }

    private static Seen EnvelopeName(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("ops"u8) ? Seen.Ops
        : reader.ValueTextEquals("device_id"u8) ? Seen.Device
        : reader.ValueTextEquals("clock"u8) ? Seen.Clock
        : reader.ValueTextEquals("known"u8) ? Seen.Known
        : Seen.None;

    private static string? Skip(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return null;
    }

    private static string? Device(ref Utf8JsonReader reader, PushRequest push)
    {
        if (!Fields.TryText(ref reader, default, out var text) || Fields.Check(text.Span, Fields.MaxDeviceBytes) is not null)
        {
            return "device_id: must be a text that is not blank";
        }

        push.Device = Encoding.UTF8.GetString(text.Span);
        return null;
    }

    private static string? Clock(ref Utf8JsonReader reader, PushRequest push)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (!Fields.TryInteger(ref reader, out var clock) || clock is < 0 or > OperationRules.MaxLamport)
        {
            return "clock: must be an integer from 0 to 2^53 - 1";
        }

        push.Clock = clock;
        return null;
    }

    private static string? Known(ref Utf8JsonReader reader, PushRequest push)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        const string fault = "known: must be {\"last_id\": integer, \"head\": 64 hex digits}";
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return fault;
        }

        long? lastId = null;
        byte[]? head = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isId, isHead) = (reader.ValueTextEquals("last_id"u8), reader.ValueTextEquals("head"u8));
            reader.Read();
            if (isId)
            {
                lastId = Fields.TryInteger(ref reader, out var id) && id >= 0 ? id : null;
            }
            else if (isHead)
            {
                var bytes = new byte[HeadChain.Bytes];
                head =
                    Fields.TryText(ref reader, default, out var hex) && HeadChain.TryParse(Encoding.UTF8.GetString(hex.Span), bytes)
                        ? bytes
                        : null;
            }
            else
            {
                reader.Skip();
            }
        }

        if (lastId is not { } known || head is null)
        {
            return fault;
        }

        push.Known = new KnownPair(known, head);
        return null;
    }

    private static string? Ops(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, PushRequest push)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return "ops: must be an array";
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (push.Count == PushRequest.MaxOperations)
            {
                return $"ops: more than {PushRequest.MaxOperations}";
            }

            ref var op = ref push.Add();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                OpReader.Read(ref reader, body, ref op);
            }
            else
            {
                op.Fault = OpFault.Invalid("an operation must be a JSON object");
                reader.Skip();
            }
        }

        return null;
    }

    [Flags]
    private enum Seen : byte
    {
        None = 0,
        Device = 1,
        Clock = 2,
        Known = 4,
        Ops = 8,
    }
}
