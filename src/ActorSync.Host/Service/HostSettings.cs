using ActorSync.Hosting;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Serilog.Events;

namespace ActorSync.Host.Service;

/// <summary>What stands under <c>host</c> in host.conf and the operator's file.</summary>
/// <param name="LogLevel">The lowest that goes to the files.</param>
/// <param name="LogFileBytes">When a day's file is continued in another.</param>
/// <param name="LogFiles">How many are kept.</param>
/// <param name="HangarSource">A JSON file or a folder; null for none.</param>
internal sealed record HostSettings(LogEventLevel LogLevel, long LogFileBytes, int LogFiles, string? HangarSource)
{
    /// <summary>PEM file for <c>run --control https://…</c>; empty for none.</summary>
    public string ControlCertificate { get; init; } = "";

    /// <summary>PEM file of its private key; empty for none.</summary>
    public string ControlKey { get; init; } = "";

    private const string Root = "host";

    /// <exception cref="InvalidSettingException">A key is unknown or its value is wrong.</exception>
    public static HostSettings Read(IReadOnlyList<SettingsText> layers)
    {
        var config = HoconText.Parse(layers[0].Hocon, layers[0].Name);
        var known = Keys(config).ToHashSet(StringComparer.Ordinal);
        foreach (var layer in layers.Skip(1))
        {
            var overlay = HoconText.Parse(layer.Hocon, layer.Name);
            if (Keys(overlay).FirstOrDefault(key => !known.Contains(key)) is { } stranger)
            {
                throw new InvalidSettingException(stranger, "is no setting", $"known keys: {string.Join(", ", known)}");
            }

            config = overlay.WithFallback(config);
        }

        var host = new SettingSection(config, Root, []);
        var (log, control) = (host.Section("log"), host.Section("control"));
        var source = host.Section("hangar").Text("source", 4096);
        return new HostSettings(
            Level(log),
            log.Size("file-bytes", 64 << 10, 1 << 30),
            log.Count("files", 1, 10_000),
            source.Length == 0 ? null : source
        )
        {
            ControlCertificate = control.Text("certificate", 4096),
            ControlKey = control.Text("key", 4096),
        };
    }

    private static LogEventLevel Level(SettingSection log) =>
        log.Text("level", 16) switch
        {
            "DEBUG" => LogEventLevel.Debug,
            "INFO" => LogEventLevel.Information,
            "WARNING" => LogEventLevel.Warning,
            "ERROR" => LogEventLevel.Error,
            var word => throw SettingSection.Wrong(log.FullName("level"), $"'{word}' is no level", "write DEBUG, INFO, WARNING or ERROR"),
        };

    private static IEnumerable<string> Keys(Config config) =>
        !config.IsEmpty && config.Root.IsObject() && config.Root.GetObject().GetKey(Root) is { } ours ? Leaves(ours, Root) : [];

    private static IEnumerable<string> Leaves(HoconValue value, string path) =>
        value.IsObject() && value.GetObject().Items is { Count: > 0 } items
            ? items.SelectMany(item => Leaves(item.Value, $"{path}.{item.Key}"))
            : [path];
}
