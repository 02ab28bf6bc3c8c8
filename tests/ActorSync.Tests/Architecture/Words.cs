using System.Text.RegularExpressions;

namespace ActorSync.Tests.Architecture;

/// <summary>What stands in no tracked file: the paths of a machine that it was written on, the hosts of a package registry, keys.</summary>
internal static class Words
{
    // Put together here, or this file would be the first to be found.
    private static readonly (Regex Pattern, string Why)[] Banned =
    [
        (Word(@"(?<![\w.:/])/(wo" + @"rk|ro" + @"ot|ho" + @"me/\w+|Use" + @"rs/\w+)/"), "a path of one machine"),
        (Word(@"\b[A-Z]:\\Use" + @"rs\\"), "a path of one machine"),
        (Word(@"(?<![\w.:])/t" + @"mp/\w"), "a path of one machine; ask for the temporary folder"),
        (
            Word(@"nug" + @"et\.org|api\.nug" + @"et|pkgs\.dev\.az" + @"ure|myg" + @"et\.org"),
            "the host of a package registry: a build takes what it is configured to take"
        ),
        (Word("-----BEGIN [A-Z ]*PRIV" + "ATE KEY"), "a key"),
        (Word(@"\bey" + @"J[A-Za-z0-9_-]{12,}\.ey" + @"J[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{12,}"), "a token"),
    ];

    private static readonly string[] TextEndings =
    [
        ".cs",
        ".csproj",
        ".props",
        ".targets",
        ".sln",
        ".json",
        ".conf",
        ".md",
        ".txt",
        ".sql",
        ".yml",
        ".yaml",
        ".sh",
        ".xml",
        ".html",
        ".css",
        ".js",
        ".editorconfig",
        ".gitignore",
        ".gitattributes",
        ".csharpierrc",
        "run",
        "LICENSE",
    ];

    public static IReadOnlyList<string> Texts() =>
        [.. Repository.TrackedFiles().Where(path => TextEndings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))];

    public static IEnumerable<string> Violations(string path, string text) =>
        from banned in Banned
        from match in banned.Pattern.Matches(text)
        select $"{path}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}; {banned.Why}";

    private static Regex Word(string pattern) =>
        new(pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
}
