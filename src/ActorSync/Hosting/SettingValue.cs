using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorSync.Hosting;

/// <summary>What a setting's text means. Null is "not of this kind"; the caller names the key.</summary>
internal static partial class SettingValue
{
    public static bool? Switch(string text) =>
        text switch
        {
            "on" or "true" or "yes" => true,
            "off" or "false" or "no" => false,
            _ => null,
        };

    public static long? Count(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) ? count : null;

    public static double? Fraction(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>A number and its unit; without a unit nobody can tell 5 seconds from 5 minutes.</summary>
    public static TimeSpan? Time(string text)
    {
        if (Parts(text) is not var (number, unit))
        {
            return null;
        }

        var milliseconds = unit switch
        {
            "ms" => 1m,
            "s" => 1_000m,
            "m" => 60_000m,
            "h" => 3_600_000m,
            "d" => 86_400_000m,
            _ => 0m,
        };
        return milliseconds == 0m || number > 1_000_000_000m ? null : TimeSpan.FromTicks((long)(number * milliseconds * 10_000m));
    }

    public static long? Size(string text)
    {
        if (Parts(text) is not var (number, unit))
        {
            return null;
        }

        var bytes = unit switch
        {
            "B" => 1m,
            "KiB" => 1L << 10,
            "MiB" => 1L << 20,
            "GiB" => 1L << 30,
            _ => 0m,
        };
        return bytes == 0m || number > 1_000_000_000_000m ? null : (long)(number * bytes);
    }

    private static (decimal Number, string Unit)? Parts(string text)
    {
        var match = NumberAndUnit().Match(text);
        return
            match.Success
            && decimal.TryParse(
                match.Groups["number"].ValueSpan,
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var number
            )
            ? (number, match.Groups["unit"].Value)
            : null;
    }

    [GeneratedRegex(
        @"^(?<number>[0-9]{1,15}(\.[0-9]{1,6})?) ?(?<unit>[A-Za-z]{1,3})$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex NumberAndUnit();
}
