namespace ActorSync.Host.Conformance;

/// <summary>One sentence of the protocol that a client can see kept or broken.</summary>
/// <param name="Id">Area and name, such as <c>push.stores_in_order</c>; it never changes.</param>
/// <param name="Rule">Where the protocol's document says so.</param>
/// <param name="Title">What a hub does that keeps it.</param>
/// <param name="Run">Throws <see cref="CheckFailedException"/> or <see cref="CheckSkippedException"/>.</param>
internal sealed record Check(string Id, string Rule, string Title, Func<Session, Task> Run);

/// <summary>The hub does something else than the protocol says.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

/// <summary>Nothing is said about the hub: something that the check needs was not given, or the hub does not offer it.</summary>
internal sealed class CheckSkippedException(string message) : Exception(message);

/// <summary>No answer came: no connection, no end in time, or one that is no HTTP.</summary>
internal sealed class HubSilentException(string message, Exception? inner) : Exception(message, inner);

/// <summary>What a check demands.</summary>
internal static class Expect
{
    public static void That(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CheckFailedException(otherwise);
        }
    }

    public static void Equal<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: expected {Show(expected)}, found {Show(actual)}");

    public static void Hex(string text, string what) =>
        That(text.Length == 64 && text.All(char.IsAsciiHexDigitLower), $"{what}: expected 64 lower-case hex digits, found {Show(text)}");

    /// <summary>An instant as the protocol writes it: ISO-8601 in UTC.</summary>
    public static DateTimeOffset Instant(string text, string what)
    {
        var read = DateTimeOffset.TryParse(
            text,
            System.Globalization.CultureInfo.InvariantCulture,
            System.Globalization.DateTimeStyles.AssumeUniversal,
            out var instant
        );
        That(
            read && text.Contains('T') && (text.EndsWith('Z') || text.EndsWith("+00:00", StringComparison.Ordinal)),
            $"{what}: '{text}' is no instant in UTC"
        );
        return instant;
    }

    public static CheckFailedException Failed(string message) => new(message);

    private static string Show<T>(T value) => value is null ? "null" : $"'{value}'";
}
