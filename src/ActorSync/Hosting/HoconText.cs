using Akka.Configuration;

namespace ActorSync.Hosting;

/// <summary>HOCON as people write it. Akka's parser forgives an open brace by dropping what follows, so that is looked at first.</summary>
internal static class HoconText
{
    /// <exception cref="InvalidSettingException">It is no HOCON; the key is <paramref name="name"/> and the message has the line.</exception>
    public static Config Parse(string? text, string name)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Config.Empty;
        }

        if (Unbalanced(text) is var (line, what))
        {
            throw new InvalidSettingException(name, $"line {line}: {what}", "correct the braces, brackets and quotes");
        }

        try
        {
            var config = ConfigurationFactory.ParseString(text);
            return config.Root is { } root && (root.IsEmpty || root.IsObject())
                ? config
                : throw new InvalidSettingException(
                    name,
                    "holds no keys",
                    "write sections and keys, such as actorsync { hub = \"https://…\" }"
                );
        }
        // The parser's own slips included: what it cannot read is one thing to the person who wrote it.
        catch (Exception e) when (e is not SyncException)
        {
            throw new InvalidSettingException(name, $"cannot be read: {e.Message}", "correct the HOCON; an address goes in quotes");
        }
    }

    private static (int Line, string What)? Unbalanced(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when i + 1 < text.Length && text[i + 1] == '/':
                    i = text.IndexOf('\n', i) is var end and >= 0 ? end - 1 : text.Length;
                    break;
                case '"':
                    var (after, lines) = AfterString(text, i);
                    if (after < 0)
                    {
                        return (line, "a quote is not closed");
                    }

                    (i, line) = (after - 1, line + lines);
                    break;
                case '{' or '[':
                    open.Push((text[i], line));
                    break;
                case '}' or ']':
                    if (!open.TryPop(out var opened) || opened.Bracket != (text[i] == '}' ? '{' : '['))
                    {
                        return (line, $"'{text[i]}' closes nothing");
                    }

                    break;
            }
        }

        return open.TryPop(out var left) ? (left.Line, $"'{left.Bracket}' is not closed") : null;
    }

    private static (int After, int Lines) AfterString(string text, int start)
    {
        const string Triple = "\"\"\"";
        if (string.CompareOrdinal(text, start, Triple, 0, Triple.Length) == 0)
        {
            var close = text.IndexOf(Triple, start + Triple.Length, StringComparison.Ordinal);
            return close < 0 ? (-1, 0) : (close + Triple.Length, text.AsSpan(start, close - start).Count('\n'));
        }

        for (var i = start + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '"')
            {
                return (i + 1, 0);
            }

            i += text[i] == '\\' ? 1 : 0;
        }

        return (-1, 0);
    }
}
