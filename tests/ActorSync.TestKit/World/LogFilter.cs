using Akka.Event;

namespace ActorSync.TestKit;

/// <summary>Collects what is logged; asks for facts about it.</summary>
public sealed class LogFilter
{
    private const int Kept = 20_000;

    private readonly List<Line> _lines = [];
    private World? _world;

    /// <summary>The lines of Info and above, oldest first; the last 20,000.</summary>
    public IReadOnlyList<Line> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Below this nothing is kept. Debug lines are many: Info unless told.</summary>
    public LogLevel Level { get; set; } = LogLevel.InfoLevel;

    /// <summary>Called for each line that is kept.</summary>
    public Action<Line>? Logged { get; set; }

    public void Clear()
    {
        lock (_lines)
        {
            _lines.Clear();
        }
    }

    public int Count(LogLevel level, string containing = "") =>
        Lines.Count(x => x.Level == level && x.Text.Contains(containing, StringComparison.Ordinal));

    /// <summary>Runs the world until exactly so many lines of the level hold the text; throws when there are more or, at the limit, fewer.</summary>
    public IReadOnlyList<Line> Expect(int count, LogLevel level, string containing = "", TimeSpan? within = null)
    {
        var world = _world ?? throw new InvalidOperationException("this filter belongs to no world");
        world.RunUntil(() => Count(level, containing) >= count, within ?? TimeSpan.FromSeconds(3));
        var found = Lines.Where(x => x.Level == level && x.Text.Contains(containing, StringComparison.Ordinal)).ToList();
        return found.Count == count
            ? found
            : throw new ExpectationException(
                world.Describe(
                    $"expected {count} lines of {level} with '{containing}', saw {found.Count}; all lines:\n"
                        + string.Join('\n', Lines.TakeLast(40))
                )
            );
    }

    internal void Listen(World world) => _world = world;

    internal void Publish(Node node, LogEvent logged)
    {
        var level = logged.LogLevel();
        if (level < Level)
        {
            return;
        }

        var line = new Line(_world!.Elapsed, node.Name, level, logged.LogSource, TextOf(logged), logged.Cause);
        if (level >= LogLevel.WarningLevel)
        {
            _world.Trace.Add($"{node.Name} {level}: {line.Text}{(line.Cause is { } cause ? " <- " + cause.GetType().Name : "")}");
        }

        lock (_lines)
        {
            _lines.Add(line);
            if (_lines.Count > Kept)
            {
                _lines.RemoveRange(0, Kept / 2);
            }
        }

        Logged?.Invoke(line);
    }

    private static string TextOf(LogEvent logged)
    {
        try
        {
            return logged.Message?.ToString() ?? "";
        }
        catch (FormatException)
        {
            return "(unformattable) " + ((logged.Message as LogMessage)?.Format ?? "");
        }
    }

    /// <param name="At">Virtual time since the world began.</param>
    public sealed record Line(TimeSpan At, string Node, LogLevel Level, string Source, string Text, Exception? Cause)
    {
        public override string ToString() =>
            $"{At.TotalSeconds, 10:F3} {Node} {Level} {Source} {Text}{(Cause is null ? "" : "\n" + Cause)}";
    }
}

/// <summary>Something expected did not come, or something unexpected did.</summary>
public sealed class ExpectationException(string message) : Exception(message);
