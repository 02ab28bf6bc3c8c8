using System.Globalization;
using System.Net;

namespace ActorSync.Host.Control;

/// <summary>Where the control API is on a network: plain http on loopback only, https elsewhere.</summary>
/// <param name="Host">As it was typed: a name or an IP address.</param>
/// <param name="Port">0 only to listen: the system chooses.</param>
internal sealed record RemoteAddress(bool IsHttps, string Host, int Port)
{
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    public string Scheme => IsHttps ? "https" : "http";

    /// <exception cref="SyncException">Code <c>usage</c>.</exception>
    public static RemoteAddress Parse(string flag, string text)
    {
        const string remedy = "give http://127.0.0.1:PORT, or https://HOST:PORT";
        if (
            !Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https")
            || uri.UserInfo.Length > 0
            || uri.PathAndQuery != "/"
            || uri.Fragment.Length > 0
        )
        {
            throw Failures.Usage(flag, $"'{Terminal.Plain.Text(text, 200)}' is no control address", remedy);
        }

        var address = new RemoteAddress(uri.Scheme == "https", uri.Host, uri.Port);
        return address.IsHttps || address.IsLoopback
            ? address
            : throw Failures.Usage(flag, $"plain http to {uri.Host} would show the token to everybody on the way", remedy);
    }

    /// <exception cref="SyncException">Code <c>usage</c>: nobody could name this address in a request.</exception>
    public void CheckListening(string flag)
    {
        if (IPAddress.TryParse(Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            throw Failures.Usage(flag, $"{Host} is every address of this machine", "give the name or address that others will use");
        }
    }

    /// <summary>What a request may call this host. Loopback has several names; of a name that leads elsewhere a browser can be told that it leads here.</summary>
    public IReadOnlySet<string> Authorities(int port)
    {
        string[] hosts = IsLoopback ? [Host, "127.0.0.1", "localhost", "[::1]"] : [Host];
        var names = hosts.Select(host => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"));
        return (port == (IsHttps ? 443 : 80) ? names.Concat(hosts) : names).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }
}
