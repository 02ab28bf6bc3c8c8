using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace ActorSync.Wire;

/// <summary>Reads a hub's address as somebody typed it. What is wrong is said before anything is sent.</summary>
internal static class HubUrl
{
    private const int MaxLength = 2048;

    /// <summary>Trims and checks; the result has no user info, query, fragment or trailing slash (but the root's own).</summary>
    /// <param name="plainHttpHosts">Host names that plain http is allowed to, beside loopback. Compared without case.</param>
    /// <param name="problem">One sentence with the remedy; empty when the address is good. Never holds a password out of the address.</param>
    public static bool TryParse(
        string? text,
        IReadOnlyCollection<string> plainHttpHosts,
        [NotNullWhen(true)] out Uri? address,
        out string problem
    )
    {
        address = null;
        var trimmed = text?.Trim() ?? "";
        if (CheckText(trimmed) is { } badText)
        {
            problem = badText;
            return false;
        }

        if (!Uri.TryCreate(trimmed, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            problem = "is no web address; write it as https://host or https://host:port/path";
            return false;
        }

        if (CheckParts(uri, plainHttpHosts) is { } badPart)
        {
            problem = badPart;
            return false;
        }

        var canonical = uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        address = new Uri(canonical.TrimEnd('/'), UriKind.Absolute);
        problem = "";
        return true;
    }

    /// <summary>Whether plain http cannot leave this machine to this host.</summary>
    public static bool IsLoopback(Uri address) =>
        IPAddress.TryParse(address.DnsSafeHost, out var ip)
            ? IPAddress.IsLoopback(ip)
            : string.Equals(address.DnsSafeHost, "localhost", StringComparison.OrdinalIgnoreCase);

    private static string? CheckText(string text)
    {
        if (text.Length == 0)
        {
            return "is empty; write it as https://host";
        }

        if (text.Length > MaxLength)
        {
            return $"is longer than {MaxLength} characters";
        }

        foreach (var c in text)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\')
            {
                return "holds a blank, a backslash or a control character; write it as https://host";
            }
        }

        var colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon < 0)
        {
            return $"names no scheme; write it as https://{(colon < 0 && !text.Contains('@') ? text : "host")}";
        }

        if (!IsScheme(text.AsSpan(0, colon), "https") && !IsScheme(text.AsSpan(0, colon), "http"))
        {
            return "begins with neither https:// nor http://; these are the only schemes a hub speaks";
        }

        return text.Contains('?') || text.Contains('#') ? "has a query or a fragment; leave out everything from the first ? or #" : null;
    }

    private static string? CheckParts(Uri uri, IReadOnlyCollection<string> plainHttpHosts)
    {
        // An empty user info ("https://@host") leaves UserInfo empty, so the text is asked as well.
        if (uri.UserInfo.Length > 0 || uri.OriginalString.AsSpan(0, AuthorityEnd(uri.OriginalString)).Contains('@'))
        {
            return "holds a user name or a password; pair the device instead, and write https://host";
        }

        if (uri.Port is <= 0 or > 65535)
        {
            return "has port 0; name a port from 1 to 65535 or none";
        }

        if (uri.Scheme == Uri.UriSchemeHttps || IsLoopback(uri) || plainHttpHosts.Any(host => IsHost(uri, host)))
        {
            return null;
        }

        return $"is plain http to {uri.Host}, where anybody on the way can read the credential; use https://, or allow this host by name in actorsync.plain-http-hosts";
    }

    private static int AuthorityEnd(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal) + 3;
        var slash = text.IndexOf('/', start);
        return slash < 0 ? text.Length : slash;
    }

    private static bool IsScheme(ReadOnlySpan<char> text, string scheme) => text.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    private static bool IsHost(Uri uri, string host) =>
        string.Equals(uri.DnsSafeHost, host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase)
        || string.Equals(uri.IdnHost, host, StringComparison.OrdinalIgnoreCase);
}
