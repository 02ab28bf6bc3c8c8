using System.Buffers;
using System.Text;
using ActorSync.Host.Hangar;
using ActorSync.Host.Service;
using ActorSync.Hosting;

namespace ActorSync.Host;

/// <summary>The runtime's options as the host reads them: the host's own settings, over them the operator's, over them the flags.</summary>
internal static class HostOptions
{
    private const string Resource = "ActorSync.Host.host.conf";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    );

    /// <exception cref="InvalidSettingException">A key of the operator's file is unknown or its value is wrong.</exception>
    public static SyncOptions Read(DataFolder folder, string profile, bool online)
    {
        CheckProfile(profile);
        folder.Create();
        var layers = Layers(folder);
        return SyncOptionsReader.Read(folder.Path, layers) with
        {
            Profiles = [profile],
            Online = online,
            HangarSource = HostSettings.Read(layers).HangarSource is { } source ? new PathSource(Path.Combine(folder.Path, source)) : null,
        };
    }

    /// <summary>The host's own settings and the operator's file; the later wins.</summary>
    public static IReadOnlyList<SettingsText> Layers(DataFolder folder)
    {
        using var stream =
            typeof(HostOptions).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var own = new SettingsText("host.conf", reader.ReadToEnd());
        return File.Exists(folder.Settings) ? [own, new SettingsText(folder.Settings, File.ReadAllText(folder.Settings))] : [own];
    }

    // The name becomes a folder's.
    private static void CheckProfile(string name)
    {
        if (name.Length is 0 or > 64 || !char.IsAsciiLetterOrDigit(name[0]) || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw Failures.Usage(
                "--profile",
                $"'{name}' is no name for a profile",
                "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
            );
        }
    }
}
