using ActorSync.Wire;

namespace ActorSync.Host;

/// <summary>A hub's address as somebody typed it.</summary>
internal static class HubAddress
{
    /// <summary>Whether it is an address at all; which hosts plain http is allowed to, the settings decide where they are at hand.</summary>
    /// <exception cref="SyncException">Code <c>usage</c>, naming the flag and what is wrong.</exception>
    public static Uri Parse(string flag, string? text)
    {
        var allowed = Uri.TryCreate(text?.Trim(), UriKind.Absolute, out var typed) ? [typed.Host] : Array.Empty<string>();
        return HubUrl.TryParse(text, allowed, out var hub, out var problem)
            ? hub
            : throw Failures.Usage(
                flag,
                $"'{Terminal.Plain.Text(text, 200)}' {problem}",
                "give https://HOST[:PORT], or http:// for a hub on this machine"
            );
    }
}
