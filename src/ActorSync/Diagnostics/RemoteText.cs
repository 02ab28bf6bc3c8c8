namespace ActorSync.Diagnostics;

/// <summary>Text from outside, made fit for a log line and a terminal.</summary>
internal static class RemoteText
{
    public const int MaxLength = 400;

    /// <summary>Control and format characters become blanks, lone surrogates question marks; cut at <paramref name="maxLength"/> characters.</summary>
    public static string Clean(string? text, int maxLength = MaxLength)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var length = Math.Min(text.Length, maxLength);
        if (length == text.Length && IsClean(text))
        {
            return text;
        }

        return string.Create(
                length,
                text,
                static (clean, dirty) =>
                {
                    for (var i = 0; i < clean.Length; i++)
                    {
                        var paired = char.IsHighSurrogate(dirty[i])
                            ? i + 1 < clean.Length && char.IsLowSurrogate(dirty[i + 1])
                            : i > 0 && char.IsHighSurrogate(dirty[i - 1]);
                        clean[i] =
                            IsUnfit(dirty[i]) ? ' '
                            : char.IsSurrogate(dirty[i]) && !paired ? '?'
                            : dirty[i];
                    }
                }
            )
            .TrimEnd();
    }

    private static bool IsClean(string text)
    {
        foreach (var c in text)
        {
            if (IsUnfit(c) || char.IsSurrogate(c))
            {
                return false;
            }
        }

        return true;
    }

    // Format characters reorder what a terminal shows (U+202E and its kin).
    private static bool IsUnfit(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format;
}
