using System.IO.Compression;

namespace ActorSync.TestKit.Hubs;

/// <summary>What both transports do with a request's parts.</summary>
internal static class HubTransport
{
    public static HubRequest Read(string method, string path, string query, string? authorization, byte[] body, string? encoding)
    {
        var gzip = string.Equals(encoding, "gzip", StringComparison.OrdinalIgnoreCase);
        return new HubRequest(
            method,
            Uri.UnescapeDataString(path),
            QueryOf(query),
            authorization is ['B' or 'b', .., _] && authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? authorization["Bearer ".Length..]
                : null,
            gzip ? Unzip(body) : body,
            gzip
        );
    }

    private static Dictionary<string, string> QueryOf(string query) =>
        query
            .TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(static x => x.Split('=', 2))
            .ToDictionary(static x => x[0], static x => Uri.UnescapeDataString(x.ElementAtOrDefault(1) ?? ""), StringComparer.Ordinal);

    private static byte[] Unzip(byte[] body)
    {
        using var whole = new MemoryStream();
        using (var zip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress))
        {
            zip.CopyTo(whole);
        }

        return whole.ToArray();
    }
}
