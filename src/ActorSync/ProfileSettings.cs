using ActorSync.Wire;

namespace ActorSync;

/// <summary>The settings that a profile keeps in its own journal, changed while it runs.</summary>
internal static class ProfileSettings
{
    public const string Hub = "hub";
    public const string Mode = "mode";
    public const string Preset = "preset";

    private static readonly string[] Modes = ["local", "hybrid"];

    /// <summary>Gives the value in its normal form; null removes a key.</summary>
    /// <exception cref="InvalidSettingException">Unknown key or bad value.</exception>
    public static string? Check(string key, string? value, SyncOptions options) =>
        key switch
        {
            Hub => value is null ? null : CheckHub(value, options),
            Mode => value is null ? null : OneOf(key, value, Modes),
            Preset => value is null ? null : OneOf(key, value, [.. options.Drain.Presets.Keys.Order(StringComparer.Ordinal)]),
            _ => throw new InvalidSettingException(key, "is no setting of a profile", $"use {Hub}, {Mode} or {Preset}"),
        };

    private static string CheckHub(string value, SyncOptions options) =>
        HubUrl.TryParse(value, options.PlainHttpHosts, out var hub, out var problem)
            ? hub.AbsoluteUri
            : throw new InvalidSettingException(Hub, problem, "give an address such as https://hub.example.org");

    private static string OneOf(string key, string value, string[] known)
    {
        var normal = value.Trim().ToLowerInvariant();
        return known.Contains(normal, StringComparer.Ordinal)
            ? normal
            : throw new InvalidSettingException(
                key,
                $"'{value}' is none of {string.Join(", ", known)}",
                $"use {string.Join(" or ", known)}"
            );
    }
}
