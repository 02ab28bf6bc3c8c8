using ActorSync.Platform;

namespace ActorSync.Hub.Accounts;

/// <summary>Codes that people read from one screen and type at another.</summary>
internal static class PairingCodes
{
    public const int Length = 8;

    /// <summary>Without what is taken for another: I, L, O, 0 and 1.</summary>
    public const string Alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    public static string Next(IChance chance)
    {
        Span<char> code = stackalloc char[Length];
        Span<byte> random = stackalloc byte[1];
        for (var i = 0; i < Length; )
        {
            chance.Fill(random);

            // Bytes above the last whole multiple are thrown away, or the first letters would be likelier.
            if (random[0] < 256 / Alphabet.Length * Alphabet.Length)
            {
                code[i++] = Alphabet[random[0] % Alphabet.Length];
            }
        }

        return new string(code);
    }

    /// <summary>What was typed, in upper case, without blanks and hyphens; null when it cannot be a code.</summary>
    public static string? Normalize(string typed)
    {
        Span<char> code = stackalloc char[Length];
        var length = 0;
        foreach (var letter in typed)
        {
            if (letter is ' ' or '-')
            {
                continue;
            }

            var upper = char.ToUpperInvariant(letter);
            if (length == Length || !Alphabet.Contains(upper))
            {
                return null;
            }

            code[length++] = upper;
        }

        return length == Length ? new string(code) : null;
    }
}
