using System.Text;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorSync.Hosting;

/// <summary>One section of the settings, read with types and bounds; every complaint carries the key's full name.</summary>
/// <remarks>There is no parameter for a default: a default stands in reference.conf and nowhere else.</remarks>
/// <param name="read">Is told each key that is read.</param>
internal sealed class SettingSection(Config config, string path, ICollection<string> read)
{
    public SettingSection Section(string name) => new(config, $"{path}.{name}", read);

    /// <summary>The sections below this one, in the order of their names.</summary>
    public IEnumerable<string> SectionNames() => config.GetValue(path).GetObject().Items.Keys.Order(StringComparer.Ordinal);

    public string Text(string name, int maxLength)
    {
        var (key, text) = Scalar(name);
        return text.Length <= maxLength ? text : throw Wrong(key, $"is {text.Length} characters", $"shorten it to at most {maxLength}");
    }

    public bool Switch(string name)
    {
        var (key, text) = Scalar(name);
        return SettingValue.Switch(text) ?? throw Wrong(key, $"'{text}' is no switch", "write on or off");
    }

    public int Count(string name, int min, int max) => (int)LongCount(name, min, max);

    public long LongCount(string name, long min, long max)
    {
        var (key, text) = Scalar(name);
        return SettingValue.Count(text) is { } value && value >= min && value <= max
            ? value
            : throw Wrong(key, $"'{text}' is no whole number from {min} to {max}", $"write a whole number from {min} to {max}");
    }

    public double Fraction(string name)
    {
        var (key, text) = Scalar(name);
        return SettingValue.Fraction(text) is { } value and >= 0 and <= 1
            ? value
            : throw Wrong(key, $"'{text}' is no fraction from 0 to 1", "write a number from 0 to 1, such as 0.25");
    }

    public TimeSpan Time(string name, TimeSpan min, TimeSpan max)
    {
        var (key, text) = Scalar(name);
        return SettingValue.Time(text) switch
        {
            null => throw Wrong(key, $"'{text}' is no time with a unit", "write a number with ms, s, m, h or d, such as 5s"),
            { } value when value < min || value > max => throw Wrong(
                key,
                $"{text} is not from {Show(min)} to {Show(max)}",
                $"write a time from {Show(min)} to {Show(max)}"
            ),
            { } value => value,
        };
    }

    public long Size(string name, long min, long max)
    {
        var (key, text) = Scalar(name);
        return SettingValue.Size(text) switch
        {
            null => throw Wrong(key, $"'{text}' is no size with a unit", "write a number with B, KiB, MiB or GiB, such as 8 MiB"),
            { } value when value < min || value > max => throw Wrong(
                key,
                $"{text} is not from {ShowSize(min)} to {ShowSize(max)}",
                $"write a size from {ShowSize(min)} to {ShowSize(max)}"
            ),
            { } value => value,
        };
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var key = Key(name);
        var value = config.GetValue(key);
        // IsArray says no to an empty one.
        return value?.Values is [HoconArray] || value?.IsArray() == true
            ? [.. value.GetArray().Select(item => item.GetString().Trim())]
            : throw Wrong(key, $"'{value}' is no list", """write a list, such as ["a", "b"]""");
    }

    public string FullName(string name) => $"{path}.{name}";

    public static InvalidSettingException Wrong(string key, string message, string remedy) => new(key, message, remedy);

    private (string Key, string Text) Scalar(string name)
    {
        var key = Key(name);
        var value = config.GetValue(key);
        return value switch
        {
            null => throw Wrong(key, "is missing", "add it, or take the whole section away"),
            _ when value.IsObject() => throw Wrong(key, "is a section, not a value", "write one value"),
            _ when value.IsArray() => throw Wrong(key, "is a list, not a value", "write one value"),
            _ => (key, value.GetString()?.Trim() ?? throw Wrong(key, "is empty", "write one value")),
        };
    }

    private string Key(string name)
    {
        var key = FullName(name);
        read.Add(key);
        return key;
    }

    private static string Show(TimeSpan time)
    {
        var text = new StringBuilder();
        foreach (var (part, unit) in new[] { (time.Days, "d"), (time.Hours, "h"), (time.Minutes, "m"), (time.Seconds, "s") })
        {
            _ = part > 0 ? text.Append(part).Append(unit) : text;
        }

        _ = time.Milliseconds > 0 ? text.Append(time.Milliseconds).Append("ms") : text;
        return text.Length > 0 ? text.ToString() : "0s";
    }

    private static string ShowSize(long bytes) =>
        bytes switch
        {
            >= 1 << 30 when bytes % (1 << 30) == 0 => $"{bytes >> 30} GiB",
            >= 1 << 20 when bytes % (1 << 20) == 0 => $"{bytes >> 20} MiB",
            >= 1 << 10 when bytes % (1 << 10) == 0 => $"{bytes >> 10} KiB",
            _ => $"{bytes} B",
        };
}
