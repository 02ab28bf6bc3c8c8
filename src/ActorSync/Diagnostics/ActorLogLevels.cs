using System.Collections.Immutable;
using Akka.Event;

namespace ActorSync.Diagnostics;

/// <summary>Which actors are meant: <c>/user/actorsync/profiles/work</c> is that actor and all below it; <c>sync/drain</c> is every one whose path holds these names in a row, and all below it.</summary>
internal sealed record ActorPattern
{
    private const int MaxLength = 512;
    private readonly string _text;

    private ActorPattern(string text) => _text = text;

    /// <summary>Null when it names no actor.</summary>
    public static ActorPattern? TryParse(string? text)
    {
        var trimmed = text?.Trim().TrimEnd('/');
        return
            trimmed is { Length: > 0 and <= MaxLength }
            && !trimmed.Contains("//", StringComparison.Ordinal)
            && trimmed.All(static c => char.IsAsciiLetterOrDigit(c) || "/-_.*$+:@&=,!~';".Contains(c, StringComparison.Ordinal))
            ? new ActorPattern(trimmed)
            : null;
    }

    public bool Matches(string path)
    {
        if (_text[0] == '/')
        {
            return path.StartsWith(_text, StringComparison.Ordinal) && (path.Length == _text.Length || path[_text.Length] == '/');
        }

        for (var at = 0; (at = path.IndexOf(_text, at, StringComparison.Ordinal)) >= 0; at++)
        {
            var end = at + _text.Length;
            if (at > 0 && path[at - 1] == '/' && (end == path.Length || path[end] == '/'))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => _text;
}

/// <param name="Until">When it ends by itself; null for never.</param>
internal sealed record LevelRule(ActorPattern Actor, LogLevel Level, DateTimeOffset? Until);

/// <summary>What somebody who follows the log wants made for the time being.</summary>
internal sealed record LevelWish(ActorPattern? Actor, LogLevel Level);

/// <summary>Which lines are made. Immutable: the actors read it on their own threads, <see cref="ActorLogTap"/> alone puts another in its place.</summary>
/// <param name="Floor">Where no rule says otherwise.</param>
/// <param name="Rules">The later one wins.</param>
/// <param name="Wishes">They only ever add lines.</param>
internal sealed record ActorLogLevels(LogLevel Floor, ImmutableArray<LevelRule> Rules, ImmutableArray<LevelWish> Wishes)
{
    public static ActorLogLevels Of(LogLevel floor) => new(floor, [], []);

    public LogLevel LevelOf(string path)
    {
        for (var i = Rules.Length - 1; i >= 0; i--)
        {
            if (Rules[i].Actor.Matches(path))
            {
                return Rules[i].Level;
            }
        }

        return Floor;
    }

    /// <param name="source">As a log event names it.</param>
    public bool Takes(LogLevel level, string? source)
    {
        if (Rules.IsEmpty && Wishes.IsEmpty)
        {
            return level >= Floor;
        }

        var path = LogLine.PathOf(source);
        return level >= LevelOf(path) || Wishes.Any(wish => level >= wish.Level && wish.Actor?.Matches(path) != false);
    }

    /// <param name="level">Null: back to what holds without a rule.</param>
    public ActorLogLevels With(ActorPattern actor, LogLevel? level, DateTimeOffset? until)
    {
        var others = Rules.RemoveAll(rule => rule.Actor == actor);
        return this with { Rules = level is { } wanted ? others.Add(new LevelRule(actor, wanted, until)) : others };
    }
}
