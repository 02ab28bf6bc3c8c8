using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Restart;
using AkkaLevel = Akka.Event.LogLevel;

namespace ActorSync.Host.Control;

internal sealed record ActorsAsk;

internal sealed record ActorDocument(
    string Path,
    string State,
    int? Restarts,
    int? Mailbox,
    string? LastError,
    DateTimeOffset? NextTry,
    ImmutableArray<ActorDocument> Children
)
{
    public static ActorDocument Of(ActorNode node) =>
        new(node.Path, node.State, node.Restarts, node.Mailbox, node.LastError, node.NextTry, [.. node.Children.Select(Of)]);
}

/// <param name="Actor">Null only reads what holds.</param>
/// <param name="Level">A level's word, or <c>default</c>.</param>
/// <param name="Seconds">Null for ever.</param>
internal sealed record LevelAsk(string? Actor, string? Level, double? Seconds);

internal sealed record LevelsDocument(string Default, ImmutableArray<LevelDocument> Levels)
{
    public static LevelsDocument Of(ActorLogProtocol.Levels levels) =>
        new(
            LogWords.Of(levels.Floor),
            [.. levels.Rules.Select(static rule => new LevelDocument(rule.Actor.ToString(), LogWords.Of(rule.Level), rule.Until))]
        );
}

internal sealed record LevelDocument(string Actor, string Level, DateTimeOffset? Until);

/// <param name="Actor">A path, or names in a row of one; null for all.</param>
/// <param name="Level">Null for whatever is made.</param>
internal sealed record LogsAsk(string? Actor, string? Level, bool Follow, int Limit);

/// <param name="Dropped">How many lines before this one were lost because the reader was slow.</param>
internal sealed record LogLineDocument(
    DateTimeOffset At,
    string Level,
    string Actor,
    string? Profile,
    string Class,
    string Text,
    string? Error,
    long Dropped
)
{
    public static LogLineDocument Of(LogLine line) =>
        new(line.At, LogWords.Of(line.Level), line.Path, line.Profile, line.Class, line.Text, line.Error, line.Dropped);

    /// <summary>Says what was lost when no line follows that could.</summary>
    public static LogLineDocument Lost(DateTimeOffset at, long dropped) =>
        new(at, LogWords.Of(AkkaLevel.WarningLevel), "", null, "", $"{dropped} lines were dropped: this reader is slow", null, dropped);
}

internal static class LogWords
{
    public const string Default = "default";
    public static readonly string[] Levels = ["DEBUG", "INFO", "WARNING", "ERROR"];
    private static readonly (double Least, double Most) Bounds = (1, TimeSpan.FromDays(1).TotalSeconds);

    public static string Of(AkkaLevel level) => Levels[Math.Clamp((int)level, 0, Levels.Length - 1)];

    /// <exception cref="SyncException">Code <c>usage</c>.</exception>
    public static AkkaLevel Level(string? word) =>
        Array.FindIndex(Levels, level => string.Equals(level, word, StringComparison.OrdinalIgnoreCase)) is var at and >= 0
            ? (AkkaLevel)at
            : throw Failures.Usage("LEVEL", $"'{word}' is no level", $"use {string.Join(", ", Levels)}");

    public static ActorPattern? Actor(string? text) =>
        text is null
            ? null
            : ActorPattern.TryParse(text)
                ?? throw Failures.Usage("ACTOR", $"'{text}' names no actor", "give a path of 'actorsync actors', or the end of one");

    public static TimeSpan Bounded(double seconds) =>
        seconds >= Bounds.Least && seconds <= Bounds.Most
            ? TimeSpan.FromSeconds(seconds)
            : throw Failures.Usage("--for", $"{seconds} s is out of bounds", "give 1s to 1d, such as 5m");
}
