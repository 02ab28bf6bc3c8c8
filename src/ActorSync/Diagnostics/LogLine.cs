using System.Collections.Immutable;
using Akka.Event;

namespace ActorSync.Diagnostics;

/// <summary>One line of the actors' log as somebody at another console gets it: plain text, cut to a length, without secrets.</summary>
/// <param name="Path">The actor's, or the name of what else has spoken.</param>
/// <param name="Error">The exception with its trace.</param>
/// <param name="Dropped">How many lines before this one were lost because the reader was slow.</param>
internal sealed record LogLine(
    long Number,
    DateTimeOffset At,
    LogLevel Level,
    string Path,
    string Class,
    string Text,
    string? Error,
    long Dropped = 0
)
{
    private const int MaxText = 4_000;
    private const int MaxError = 8_000;

    /// <summary>What it takes in memory, about.</summary>
    public long Bytes => 160 + (2L * (Path.Length + Class.Length + Text.Length + (Error?.Length ?? 0)));

    public string? Profile =>
        Path.Split('/') is var names && Array.IndexOf(names, "profiles") is var at and >= 0 && at + 1 < names.Length ? names[at + 1] : null;

    public static LogLine Of(long number, LogEvent logged)
    {
        var text = SecretText.Redact(NamedFormatter.Render(logged.Message).Text);
        return new LogLine(
            number,
            new DateTimeOffset(DateTime.SpecifyKind(logged.Timestamp, DateTimeKind.Utc)),
            logged.LogLevel(),
            PathOf(logged.LogSource),
            logged.LogClass?.Name ?? "",
            RemoteText.Clean(text, MaxText),
            logged.Cause is { } cause ? Cut(SecretText.Redact(cause.ToString())) : null
        );
    }

    /// <summary><c>akka://actorsync/user/actorsync#42</c> is <c>/user/actorsync</c>; what is no actor keeps its name.</summary>
    public static string PathOf(string? source)
    {
        if (source is null)
        {
            return "";
        }

        var bare = source.AsSpan().Trim("[]");
        var scheme = bare.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            var address = bare[(scheme + 3)..];
            bare = address.IndexOf('/') is var slash and >= 0 ? address[slash..] : address;
        }

        return bare.IndexOf('#') is var hash and >= 0 ? bare[..hash].ToString() : bare.ToString();
    }

    private static string Cut(string text) => text.Length > MaxError ? text[..MaxError] : text;
}

/// <summary>What somebody wants to see of the log.</summary>
/// <param name="Actor">Null for all.</param>
/// <param name="Level">Null for whatever is made.</param>
internal sealed record LineFilter(ActorPattern? Actor, LogLevel? Level)
{
    public static readonly LineFilter All = new(null, null);

    public bool Takes(LogLine line) => (Level is null || line.Level >= Level) && Actor?.Matches(line.Path) != false;
}

/// <summary>The last lines, bounded by their number and by what they take. Not for more than one thread.</summary>
internal sealed class LogRing(int maxLines, long maxBytes)
{
    private readonly Queue<LogLine> _lines = new();

    public int Count => _lines.Count;

    public long Bytes { get; private set; }

    public void Add(LogLine line)
    {
        _lines.Enqueue(line);
        Bytes += line.Bytes;
        while (_lines.Count > maxLines || (Bytes > maxBytes && _lines.Count > 1))
        {
            Bytes -= _lines.Dequeue().Bytes;
        }
    }

    /// <summary>The newest that pass, oldest first.</summary>
    public ImmutableArray<LogLine> Last(LineFilter filter, int limit) => [.. _lines.Where(filter.Takes).TakeLast(limit)];
}
