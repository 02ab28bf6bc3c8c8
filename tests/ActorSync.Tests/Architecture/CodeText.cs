using System.Text;

namespace ActorSync.Tests.Architecture;

/// <summary>C# with the insides of comments and literals blanked out, so that a rule on code does not trip over prose. Lines keep their numbers.</summary>
internal static class CodeText
{
    public static string Of(string source)
    {
        var code = new StringBuilder(source.Length);
        for (var i = 0; i < source.Length; )
        {
            var end = Blanked(source, i);
            if (end == i)
            {
                _ = code.Append(source[i++]);
                continue;
            }

            foreach (var c in source.AsSpan(i, end - i))
            {
                _ = code.Append(c == '\n' ? '\n' : ' ');
            }

            i = end;
        }

        return code.ToString();
    }

    // Where the comment or literal that starts at i ends; i when none starts there.
    private static int Blanked(string source, int i) =>
        source[i] switch
        {
            '/' when At(source, i, "//") => EndOf(source, i, "\n", keep: true),
            '/' when At(source, i, "/*") => EndOf(source, i + 2, "*/"),
            '"' when At(source, i, "\"\"\"") => RawEnd(source, i),
            '"' when i > 0 && (source[i - 1] == '@' || (i > 1 && source[i - 1] == '$' && source[i - 2] == '@')) => VerbatimEnd(source, i),
            '"' => QuotedEnd(source, i, '"'),
            '\'' => QuotedEnd(source, i, '\''),
            _ => i,
        };

    private static bool At(string source, int i, string what) => string.CompareOrdinal(source, i, what, 0, what.Length) == 0;

    private static int EndOf(string source, int from, string what, bool keep = false) =>
        source.IndexOf(what, from, StringComparison.Ordinal) is var end && end < 0 ? source.Length : end + (keep ? 0 : what.Length);

    private static int RawEnd(string source, int i)
    {
        var quotes = 0;
        while (i + quotes < source.Length && source[i + quotes] == '"')
        {
            quotes++;
        }

        return EndOf(source, i + quotes, new string('"', quotes));
    }

    private static int VerbatimEnd(string source, int i)
    {
        for (i++; i < source.Length; i++)
        {
            if (source[i] == '"' && (i + 1 >= source.Length || source[++i] != '"'))
            {
                return i;
            }
        }

        return i;
    }

    // An interpolated hole keeps no code here: what is called inside of one is called outside of it too, or a reader complains.
    private static int QuotedEnd(string source, int i, char quote)
    {
        for (i++; i < source.Length && source[i] != quote && source[i] != '\n'; i++)
        {
            i += source[i] == '\\' ? 1 : 0;
        }

        return Math.Min(i + 1, source.Length);
    }
}
