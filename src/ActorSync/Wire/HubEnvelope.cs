using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>The protocol's error body: an object with a code in <c>error</c> and a sentence in <c>message</c>. Both must be there.</summary>
/// <param name="Message">Cleaned for a log and a terminal.</param>
internal readonly record struct HubEnvelope(string Error, string Message)
{
    /// <summary>Null when the body is anything else: another's error body must never pass for ours.</summary>
    public static HubEnvelope? TryRead(ReadOnlyMemory<byte> body)
    {
        if (body.Span.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
        {
            return null;
        }

        try
        {
            using var json = WireJson.Parse(body);
            var root = json.RootElement;
            return root.Text("error") is { } code && IsCode(code) && root.Text("message") is { } message
                ? new HubEnvelope(code, RemoteText.Clean(message))
                : null;
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return null;
        }
    }

    private static bool IsCode(string text)
    {
        if (text.Length > 64)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_'))
            {
                return false;
            }
        }

        return true;
    }
}
