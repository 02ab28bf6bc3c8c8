using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorSync.Hosting;

/// <summary>Refuses what the reference does not know: a misspelt key would otherwise be a setting that does nothing.</summary>
internal static class SettingKeys
{
    public const string Root = "actorsync";

    // What an app may name itself: any preset has the keys of every preset.
    private const string Presets = $"{Root}.drain.presets.";

    // Akka reads these, and knows more keys than we write down.
    private static readonly string[] AkkaOwned = [$"{Root}.journal-dispatcher.", $"{Root}.storage-dispatcher.", $"{Root}.log-mailbox."];

    /// <summary>Every value under <c>actorsync</c> by its full name, Akka's dispatchers left out.</summary>
    public static IReadOnlyList<string> Of(Config config) =>
        config.Root is { } root && root.IsObject() && root.GetObject().GetKey(Root) is { } ours
            ? [.. Leaves(ours, Root).Where(key => !Array.Exists(AkkaOwned, owned => key.StartsWith(owned, StringComparison.Ordinal)))]
            : [];

    /// <exception cref="InvalidSettingException">The overlay has a key that means nothing, or one without a value.</exception>
    public static void Check(Config overlay, Config reference, string overlayName)
    {
        if (overlay.IsEmpty || !overlay.Root.IsObject())
        {
            return;
        }

        foreach (var (section, value) in overlay.Root.GetObject().Items)
        {
            var near = new[] { Root, "akka" }.FirstOrDefault(ours => section != ours && Distance(section, ours) <= ours.Length / 4);
            if (near is not null || value.IsEmpty)
            {
                throw new InvalidSettingException(
                    section,
                    $"means nothing in {overlayName}",
                    near is null ? "take it out or give it a value" : $"write {near}"
                );
            }
        }

        var known = Of(reference);
        foreach (var key in Of(overlay))
        {
            if (!known.Contains(Normal(key), StringComparer.Ordinal))
            {
                throw new InvalidSettingException(key, "is no setting", Advice(key, known));
            }
        }
    }

    private static string Advice(string key, IReadOnlyList<string> known)
    {
        var sections = known.Select(Parent).Distinct(StringComparer.Ordinal);
        if (sections.Contains(key, StringComparer.Ordinal))
        {
            return $"it is a section: {key} {{ ... }}";
        }

        var (nearest, distance) = known
            .Select(candidate => (candidate, Distance(Normal(key), candidate)))
            .Concat(known.Select(candidate => (candidate, Distance(Name(key), Name(candidate)) + 1)))
            .MinBy(pair => pair.Item2);
        var like =
            nearest.StartsWith(Presets, StringComparison.Ordinal) && key.StartsWith(Presets, StringComparison.Ordinal)
                ? $"{Parent(key)}.{Name(nearest)}"
                : nearest;
        return distance <= Math.Max(2, Name(key).Length / 2)
            ? $"did you mean {like}?"
            : $"known keys in {Parent(like)}: {string.Join(", ", known.Where(k => Parent(k) == Parent(nearest)).Select(Name))}";
    }

    // The keys of an app's own preset are those of the reference's first.
    private static string Normal(string key) =>
        key.StartsWith(Presets, StringComparison.Ordinal) && key.LastIndexOf('.') is var dot && dot > Presets.Length
            ? $"{Presets}balanced{key[dot..]}"
            : key;

    private static string Name(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static string Parent(string key) => key.LastIndexOf('.') is var dot and >= 0 ? key[..dot] : key;

    private static IEnumerable<string> Leaves(HoconValue value, string path) =>
        value.IsObject() && value.GetObject().Items is { Count: > 0 } items
            ? items.SelectMany(item => Leaves(item.Value, $"{path}.{item.Key}"))
            : [path];

    // Levenshtein's, with one row.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
