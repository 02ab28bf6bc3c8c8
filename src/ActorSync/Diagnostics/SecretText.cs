using System.Text.RegularExpressions;

namespace ActorSync.Diagnostics;

/// <summary>Takes out of a text what looks like a credential. Our own types never show one; this is for what libraries and servers put into their messages.</summary>
internal static partial class SecretText
{
    private const string Instead = "[redacted]";

    public static string Redact(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var clean = Jwt().Replace(text, Instead);
        clean = Scheme().Replace(clean, $"${{scheme}} {Instead}");
        clean = UserInfo().Replace(clean, $"://{Instead}@");
        return Named().Replace(clean, $"${{name}}{Instead}");
    }

    // A header and a body that begin with {" in base64, and whatever else follows with dots.
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*){1,4}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Jwt();

    [GeneratedRegex(
        @"\b(?<scheme>bearer|basic|negotiate|digest)\s+(?!\[)[A-Za-z0-9+/=._~-]{8,}",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Scheme();

    [GeneratedRegex(@"://[^/\s@""']{1,256}@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    // access_token=…, "refresh_token": "…", code_verifier: …, password=…, and their relatives, up to what ends a value.
    [GeneratedRegex(
        @"(?<name>\b(access|refresh|id|auth|api|control)?[_-]?(token|secret|password|passwd|code[_-]?verifier|apikey|api[_-]?key|nonce|pairing[_-]?code)""?\s{0,2}[=:]\s{0,2}""?)(?!\[redacted)[^\s""'&,;}\])]{4,}",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Named();
}
