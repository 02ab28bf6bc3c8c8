using System.Globalization;
using System.Net.Http.Headers;

namespace ActorSync.Wire;

/// <summary>Reads and checks single header values.</summary>
internal static class HubHeaders
{
    /// <summary>No answer makes us wait longer than this.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private const int MaxTokenLength = 16 << 10;

    /// <summary>What may go into a header as a bearer token: 1 to 16,384 visible ASCII characters.</summary>
    public static bool IsToken(string text)
    {
        if (text.Length is 0 or > MaxTokenLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (c is <= ' ' or > '~')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Seconds or an HTTP date, clamped to 0..15 min; null for anything else.</summary>
    /// <param name="now">The hub's own time when it said one, so that a clock that is off here does no harm.</param>
    public static TimeSpan? RetryAfter(string? value, DateTimeOffset now)
    {
        var text = value.AsSpan().Trim();
        if (text.IsEmpty)
        {
            return null;
        }

        if (!text.ContainsAnyExceptInRange('0', '9'))
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(Math.Min(seconds, (long)LongestWait.TotalSeconds))
                : LongestWait;
        }

        return RetryConditionHeaderValue.TryParse(text.ToString(), out var condition) && condition.Date is { } date
            ? Clamp(date - now)
            : null;
    }

    private static TimeSpan Clamp(TimeSpan wait) =>
        wait < TimeSpan.Zero ? TimeSpan.Zero
        : wait > LongestWait ? LongestWait
        : wait;
}
