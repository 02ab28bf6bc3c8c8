using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Wire;

namespace ActorSync.Sync;

/// <summary>A profile's durable settings as they were meant. What cannot be read falls to the side where nothing is sent.</summary>
/// <param name="Hub">Null for none, or when it cannot be read.</param>
internal sealed record SyncSettings(SyncMode Mode, Uri? Hub, DrainPreset Preset)
{
    public const string HubKey = "hub";
    public const string ModeKey = "mode";
    public const string PresetKey = "preset";

    /// <summary>Not a person's to set: whose operations the queue holds.</summary>
    public const string QueueAccountKey = AccountChange.OwnerKey;

    /// <summary>The account that the journal's unsent operations were made for; null when there was none yet.</summary>
    public string? QueueAccount { get; init; }

    public static SyncSettings Read(ImmutableSortedDictionary<string, string> values, SyncOptions options)
    {
        var mode = values.GetValueOrDefault(ModeKey) switch
        {
            null or "hybrid" => SyncMode.Hybrid,
            _ => SyncMode.Local,
        };
        var preset =
            values.GetValueOrDefault(PresetKey) is { } name && options.Drain.Presets.TryGetValue(name, out var known)
                ? known
                : options.Drain.Presets[options.Drain.Preset];
        return new SyncSettings(mode, ReadHub(values.GetValueOrDefault(HubKey), options), preset)
        {
            QueueAccount = values.GetValueOrDefault(QueueAccountKey),
        };
    }

    private static Uri? ReadHub(string? text, SyncOptions options) =>
        text is null ? options.Hub
        : HubUrl.TryParse(text, options.PlainHttpHosts, out var hub, out _) ? hub
        : null;
}
