using System.Globalization;

namespace ActorSync.Host.Terminal;

/// <summary>Text of others made fit for a terminal, and numbers for people.</summary>
internal static class Plain
{
    /// <summary>Control characters shown as their pictures, so that what a hub or a payload says cannot drive the terminal.</summary>
    public static string Text(string? text, int limit = 400)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var shown = text.Length > limit ? string.Concat(text.AsSpan(0, limit), "…") : text;
        return shown.AsSpan().IndexOfAnyInRange('\0', '\u001F') < 0 && shown.AsSpan().IndexOfAnyInRange('\u007F', '\u009F') < 0
            ? shown
            : string.Create(
                shown.Length,
                shown,
                static (span, source) =>
                {
                    for (var i = 0; i < span.Length; i++)
                    {
                        span[i] = source[i] switch
                        {
                            < ' ' => (char)('\u2400' + source[i]),
                            >= '\u007F' and <= '\u009F' => '\u2421',
                            var c => c,
                        };
                    }
                }
            );
    }

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset? at) =>
        at is { } time ? time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "-";

    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 1024 => $"{bytes} B",
            < 1024 * 1024 => $"{bytes / 1024.0:0.0} KiB",
            _ => $"{bytes / (1024.0 * 1024):0.0} MiB",
        };
}
