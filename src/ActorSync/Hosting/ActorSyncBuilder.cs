namespace ActorSync.Hosting;

/// <summary>What an app says about its sync runtime.</summary>
public sealed class ActorSyncBuilder
{
    /// <summary>Where profiles, journals and credentials live. Created 0700 when it does not exist.</summary>
    /// <value>None: it must be set, and no two apps may share one.</value>
    public string DataDirectory { get; set; } = string.Empty;

    /// <summary>The app's own HOCON, laid over <c>reference.conf</c>; null for none.</summary>
    /// <example><code>actorsync.hub = "https://hub.example.com"</code></example>
    public string? Settings { get; set; }

    /// <summary>The last word on the options, after the HOCON was read and checked; null for none.</summary>
    public Func<SyncOptions, SyncOptions>? Configure { get; set; }

    internal SyncOptions Build()
    {
        if (string.IsNullOrWhiteSpace(DataDirectory))
        {
            throw new InvalidSettingException(nameof(DataDirectory), "is not set", "name a folder that belongs to this app alone");
        }

        var options = SyncOptionsReader.Read(DataDirectory, Settings);
        return Configure is null ? options : Configure(options);
    }
}
