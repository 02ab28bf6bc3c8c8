using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using ActorSync.Diagnostics;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Microsoft.Extensions.Logging;

namespace ActorSync.Hosting;

/// <summary>Makes <see cref="SyncOptions"/> from HOCON: the app's own, laid over <c>reference.conf</c>, where each key is documented.</summary>
public static partial class SyncOptionsReader
{
    private const string ReferenceResource = "ActorSync.reference.conf";

    /// <summary>Reads and checks every key once.</summary>
    /// <param name="dataDirectory">Where profiles, journals and credentials live. Not touched here.</param>
    /// <param name="overlayHocon">The app's own settings; null for none. Sections other than <c>actorsync</c> and <c>akka</c> are the app's affair.</param>
    /// <param name="overlayName">What a complaint calls the overlay, such as its file's name.</param>
    /// <exception cref="InvalidSettingException">The HOCON cannot be read, a key under <c>actorsync</c> is unknown, or a value is wrong.</exception>
    public static SyncOptions Read(string dataDirectory, string? overlayHocon = null, string overlayName = "the app's settings") =>
        Read(dataDirectory, overlayHocon is null ? [] : [new SettingsText(overlayName, overlayHocon)], []);

    /// <param name="layers">Each is checked under its own name; a later one wins.</param>
    internal static SyncOptions Read(string dataDirectory, params IReadOnlyList<SettingsText> layers) => Read(dataDirectory, layers, []);

    /// <param name="read">Is told each key that is read.</param>
    internal static SyncOptions Read(string dataDirectory, IReadOnlyList<SettingsText> layers, ICollection<string> read)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        var reference = Reference();
        var config = reference;
        foreach (var layer in layers)
        {
            var overlay = HoconText.Parse(layer.Hocon, layer.Name);
            SettingKeys.Check(overlay, reference, layer.Name);
            config = overlay.WithFallback(config);
        }

        var root = new SettingSection(config, SettingKeys.Root, read);
        var plainHttpHosts = root.Texts("plain-http-hosts");
        return new SyncOptions
        {
            DataDirectory = dataDirectory,
            Profiles = Profiles(root),
            Hub = Hub(root, plainHttpHosts),
            PlainHttpHosts = plainHttpHosts,
            Journal = Journal(root.Section("journal")),
            Drain = Drain(root.Section("drain")),
            Pull = Pull(root.Section("pull")),
            Http = Http(root.Section("http")),
            Auth = Auth(root.Section("auth")),
            Hangar = Hangar(root.Section("hangar")),
            Shutdown = Shutdown(root.Section("shutdown")),
            Log = Log(root.Section("log")),
            Overlay = string.Join('\n', layers.Select(layer => layer.Hocon)),
        };
    }

    /// <summary>What an actor system of our own is made with.</summary>
    /// <param name="logs">Akka's log goes there; a level that it does not take is not made in the first place. Null: no log.</param>
    internal static ActorSystemSetup AkkaSetup(SyncOptions options, ILoggerFactory? logs = null)
    {
        var bootstrap = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(AkkaConfig(options, logs)));
        return bootstrap.And(new ActorLogSetup(logs, options.Log));
    }

    /// <summary>Akka's part of the reference under what follows from the options, under the app's own.</summary>
    internal static Config AkkaConfig(SyncOptions options, ILoggerFactory? logs = null)
    {
        // The phases of a clean stop must outlast the stop itself.
        var phase = (long)Math.Ceiling(options.Shutdown.StopTimeout.TotalSeconds) + 1;
        var derived = ConfigurationFactory.ParseString(
            $$"""
            akka {
              loglevel = {{ActorLog.LowestLevel(logs)}}
              coordinated-shutdown.default-phase-timeout = {{phase}}s
            }
            """
        );
        return HoconText.Parse(options.Overlay, "the app's settings").WithFallback(derived).WithFallback(Reference());
    }

    /// <summary>Gives a host's actor system the dispatchers that our actors name, and changes nothing else of it.</summary>
    internal static void AddDispatchersTo(ActorSystem system, SyncOptions options)
    {
        var ours = HoconText.Parse(options.Overlay, "the app's settings").WithFallback(Reference()).GetConfig(SettingKeys.Root);
        system.Settings.InjectTopLevelFallback(ours.Root.AtKey(SettingKeys.Root));
    }

    internal static Config Reference()
    {
        using var stream =
            typeof(SyncOptionsReader).Assembly.GetManifestResourceStream(ReferenceResource)
            ?? throw new InvalidOperationException($"the resource {ReferenceResource} is not in the assembly");
        using var text = new StreamReader(stream, Encoding.UTF8);
        return ConfigurationFactory.ParseString(text.ReadToEnd());
    }

    private static IReadOnlyList<string> Profiles(SettingSection root)
    {
        const string Key = "profiles";
        var names = root.Texts(Key);
        var bad = names.FirstOrDefault(name => !ProfileName().IsMatch(name));
        return names switch
        {
            [] => throw SettingSection.Wrong(root.FullName(Key), "is empty", """name at least one, such as ["default"]"""),
            _ when bad is not null => throw SettingSection.Wrong(
                root.FullName(Key),
                $"'{bad}' is no name for a profile",
                "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
            ),
            // A profile is a folder, and some file systems ignore case.
            _ when names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < names.Count => throw SettingSection.Wrong(
                root.FullName(Key),
                "names a profile twice",
                "name each once; case makes no difference"
            ),
            _ => names,
        };
    }

    private static Uri? Hub(SettingSection root, IReadOnlyList<string> plainHttpHosts)
    {
        const string Key = "hub";
        var text = root.Text(Key, 4096);
        if (text.Length == 0)
        {
            return null;
        }

        // The text itself is not shown: it may hold a password.
        return HubUrl.TryParse(text, plainHttpHosts, out var hub, out var problem)
            ? hub
            : throw SettingSection.Wrong(
                root.FullName(Key),
                problem,
                "write the hub's address in quotes, such as \"https://hub.example.com\""
            );
    }

    private static JournalSettings Journal(SettingSection journal)
    {
        var foldOperations = journal.Count("fold-operations", 1, 100_000);
        return new JournalSettings(
            journal.LongCount("max-operations", 1, 1_000_000_000_000),
            journal.Size("reserve-bytes", 0, 1 << 30),
            journal.Size("cache-bytes", 1 << 20, 1 << 30),
            journal.Count("checkpoint-pages", 1, 1_000_000),
            journal.Count("max-group", 1, 65_536),
            journal.Fraction("linger-fraction"),
            foldOperations,
            journal.Count("fold-backlog", foldOperations, int.MaxValue)
        );
    }

    private static DrainSettings Drain(SettingSection drain)
    {
        var presets = Presets(drain.Section("presets"));
        var preset = drain.Text("preset", 64);
        if (!presets.ContainsKey(preset))
        {
            throw SettingSection.Wrong(
                drain.FullName("preset"),
                $"there is no preset '{preset}'",
                $"use one of {string.Join(", ", presets.Keys)}"
            );
        }

        var backoffMin = drain.Time("backoff-min", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        return new DrainSettings(
            presets,
            preset,
            drain.Count("max-operations", 1, 1024),
            (int)drain.Size("max-bytes", 64 << 10, 4 << 20),
            drain.Switch("gzip"),
            drain.Count("dead-letters-per-pass", 0, 100_000),
            backoffMin,
            drain.Time("backoff-max", backoffMin, TimeSpan.FromDays(1))
        );
    }

    private static ImmutableSortedDictionary<string, DrainPreset> Presets(SettingSection presets)
    {
        var (min, max) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
        return presets
            .SectionNames()
            .ToImmutableSortedDictionary(
                name =>
                    PresetName().IsMatch(name)
                        ? name
                        : throw SettingSection.Wrong(
                            presets.FullName(name),
                            "is no name for a preset",
                            "use lower-case letters, digits and '-'"
                        ),
                name =>
                {
                    var preset = presets.Section(name);
                    return new DrainPreset(
                        preset.Time("priority-interval", min, max),
                        preset.Time("bulk-interval", min, max),
                        preset.Switch("notify"),
                        preset.Time("pull-interval", min, max)
                    );
                },
                StringComparer.Ordinal
            );
    }

    private static PullSettings Pull(SettingSection pull) => new(pull.Count("max-operations", 1, 1000), pull.Switch("socket"));

    private static HttpSettings Http(SettingSection http)
    {
        var (min, max) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        return new HttpSettings(
            http.Time("connect-timeout", min, max),
            http.Time("response-timeout", min, max),
            http.Time("idle-timeout", min, max),
            http.Count("max-connections", 1, 64),
            http.Switch("use-proxy")
        );
    }

    private static AuthSettings Auth(SettingSection auth)
    {
        var name = auth.Text("device-name", 128);
        return name.Any(char.IsControl)
            ? throw SettingSection.Wrong(auth.FullName("device-name"), "has a control character", "write it as one line of plain text")
            : new AuthSettings(auth.Time("renew-before", TimeSpan.Zero, TimeSpan.FromDays(1)), name);
    }

    private static HangarSettings Hangar(SettingSection hangar) =>
        new(
            hangar.Time("interval", TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)),
            (int)hangar.Size("max-bytes", 1 << 10, 4 << 20),
            hangar.Time("capture-timeout", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
        );

    private static ShutdownSettings Shutdown(SettingSection shutdown)
    {
        var drain = shutdown.Time("drain-timeout", TimeSpan.Zero, TimeSpan.FromMinutes(10));
        return new ShutdownSettings(drain, shutdown.Time("stop-timeout", drain + TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(15)));
    }

    private static LogSettings Log(SettingSection log)
    {
        var level = log.Text("level", 16);
        return level is "DEBUG" or "INFO" or "WARNING" or "ERROR"
            ? new LogSettings(level, log.Count("lines", 1, 1_000_000), log.Size("bytes", 64 << 10, 1 << 30))
            : throw SettingSection.Wrong(log.FullName("level"), $"'{level}' is no level", "write DEBUG, INFO, WARNING or ERROR");
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex ProfileName();

    [GeneratedRegex("^[a-z][a-z0-9-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex PresetName();
}

/// <summary>HOCON, and what a complaint about it calls it, such as its file's name.</summary>
internal readonly record struct SettingsText(string Name, string Hocon);
