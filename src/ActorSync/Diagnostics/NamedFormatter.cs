using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Akka.Event;

namespace ActorSync.Diagnostics;

/// <summary>Fills named holes (<c>{Reason}</c>) in the order of the arguments, and positional ones (<c>{0}</c>) by their number.</summary>
/// <remarks>
/// Use it as <c>Context.GetLogger(NamedFormatter.Instance)</c>; Akka 1.4's own formatter throws on a name. This one never throws: a hole
/// without an argument stays as it is written, and so does a brace that is not closed.
/// </remarks>
internal sealed class NamedFormatter : ILogMessageFormatter
{
    public static readonly NamedFormatter Instance = new();

    // Templates are constants of the code; the bound is for somebody's interpolated string.
    private const int MaxTemplates = 1024;
    private readonly ConcurrentDictionary<string, Template> _templates = new(StringComparer.Ordinal);

    // A LogMessage shows its arguments to its formatter only; both Akka 1.4 and 1.5 hold to that, and to nothing more.
    [ThreadStatic]
    private static Capture? _capture;

    private NamedFormatter() { }

    public string Format(string format, params object[] args)
    {
        var template = TemplateOf(format);
        if (_capture is { } capture)
        {
            capture.Template = format;
            capture.Properties = template.Properties(args);
        }

        return template.Render(args);
    }

    /// <summary>Akka 1.5 asks for this one.</summary>
    public string Format(string format, IEnumerable<object> args) => Format(format, [.. args]);

    /// <summary>The text of a log event's message and, when this formatter made it, its template and properties.</summary>
    internal static Rendered Render(object? message)
    {
        if (message is not LogMessage)
        {
            return new Rendered(Text(message, null), null, []);
        }

        var capture = new Capture();
        _capture = capture;
        try
        {
            var text = message.ToString() ?? string.Empty;
            return new Rendered(text, capture.Template, capture.Properties);
        }
        catch (FormatException)
        {
            // A template with names that was given to Akka's own formatter.
            return new Rendered(((LogMessage)message).Format, null, []);
        }
        finally
        {
            _capture = null;
        }
    }

    internal sealed record Rendered(string Text, string? Template, IReadOnlyList<KeyValuePair<string, object?>> Properties);

    private Template TemplateOf(string format)
    {
        if (_templates.TryGetValue(format, out var known))
        {
            return known;
        }

        var parsed = Template.Parse(format);
        return _templates.Count < MaxTemplates ? _templates.GetOrAdd(format, parsed) : parsed;
    }

    private static string Text(object? value, string? format)
    {
        try
        {
            return value switch
            {
                null => "null",
                string text => text,
                Exception e => $"{e.GetType().Name}: {e.Message}",
                IFormattable formattable => formattable.ToString(format, CultureInfo.InvariantCulture),
                IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(item => Text(item, format))) + "]",
                _ => value.ToString() ?? string.Empty,
            };
        }
        catch (Exception e)
        {
            // A log line must not be what fails.
            return $"({value?.GetType().Name} cannot be shown: {e.GetType().Name})";
        }
    }

    // What a sink gets to see: plain values as they are, everything else as its own text, so that no sink takes an object with a secret apart.
    private static object? Plain(object? value) =>
        value is null or string or bool or char or decimal or Guid or DateTime or DateTimeOffset or TimeSpan || value.GetType().IsPrimitive
            ? value
            : Text(value, null);

    private sealed class Capture
    {
        public string? Template { get; set; }

        public IReadOnlyList<KeyValuePair<string, object?>> Properties { get; set; } = [];
    }

    private sealed record Hole(string Raw, string Name, int Index, int Alignment, string? Format);

    /// <summary>Literal texts and holes in turn: texts[0] holes[0] texts[1] … texts[n].</summary>
    private sealed class Template(string[] texts, Hole[] holes)
    {
        public string Render(object?[] args)
        {
            var line = new StringBuilder(texts[0]);
            for (var i = 0; i < holes.Length; i++)
            {
                var hole = holes[i];
                var text = hole.Index < args.Length ? Text(args[hole.Index], hole.Format) : hole.Raw;
                _ = line.Append(hole.Alignment >= 0 ? text.PadLeft(hole.Alignment) : text.PadRight(-hole.Alignment)).Append(texts[i + 1]);
            }

            return line.ToString();
        }

        public IReadOnlyList<KeyValuePair<string, object?>> Properties(object?[] args) =>
            [.. holes.Where(hole => hole.Index < args.Length).Select(hole => KeyValuePair.Create(hole.Name, Plain(args[hole.Index])))];

        public static Template Parse(string format)
        {
            var (texts, holes, text) = (new List<string>(), new List<Hole>(), new StringBuilder());
            for (var i = 0; i < format.Length; i++)
            {
                var c = format[i];
                var end = c == '{' ? format.IndexOf('}', i) : -1;
                if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
                {
                    _ = text.Append(c);
                    i++;
                }
                else if (end > 0 && HoleOf(format[i..(end + 1)]) is { } hole)
                {
                    texts.Add(text.ToString());
                    _ = text.Clear();
                    holes.Add(hole);
                    i = end;
                }
                else
                {
                    _ = text.Append(c);
                }
            }

            texts.Add(text.ToString());

            // Numbers count only when there is nothing else; beside a name everything goes by order.
            var positional = holes.TrueForAll(hole => hole.Index >= 0);
            return new Template([.. texts], [.. holes.Select((hole, at) => positional ? hole : hole with { Index = at })]);
        }

        // {Name}, {Name,10}, {Name:format}, {Name,-10:format}; @ and $ before the name mean nothing here.
        private static Hole? HoleOf(string raw)
        {
            var inner = raw.AsSpan(1, raw.Length - 2);
            var colon = inner.IndexOf(':');
            var format = colon >= 0 ? inner[(colon + 1)..].ToString() : null;
            var head = colon >= 0 ? inner[..colon] : inner;
            var comma = head.IndexOf(',');
            var alignment = 0;
            if (comma >= 0 && (!int.TryParse(head[(comma + 1)..], out alignment) || Math.Abs(alignment) > 1000))
            {
                return null;
            }

            var name = (comma >= 0 ? head[..comma] : head).Trim().TrimStart("@$");
            foreach (var c in name)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                {
                    return null;
                }
            }

            return name.IsEmpty
                ? null
                : new Hole(
                    raw,
                    name.ToString(),
                    int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1,
                    alignment,
                    format
                );
        }
    }
}
