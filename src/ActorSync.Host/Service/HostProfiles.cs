using System.Collections.Immutable;
using System.Globalization;
using ActorSync.Host.Control;
using ActorSync.Host.Import;

namespace ActorSync.Host.Service;

/// <summary>The profiles of a data folder: listed, made, chosen, taken away; live when a host runs them.</summary>
/// <param name="runtime">The running host's; null when there is none, and each profile is opened for as long as it is needed.</param>
internal sealed class HostProfiles(DataFolder folder, SyncRuntime? runtime, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan StatusWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SignOutWait = TimeSpan.FromSeconds(5);

    // Making and taking away go one after the other: each looks first and acts then.
    private readonly SemaphoreSlim _turn = new(1, 1);

    public string Default => ProfileBook.Default(folder);

    public async Task<ImmutableArray<ProfileDocument>> ListAsync(CancellationToken cancellation)
    {
        var names = ProfileBook.Names(folder).Union(runtime?.Profiles ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var (chosen, list) = (Default, ImmutableArray.CreateBuilder<ProfileDocument>());
        foreach (var name in names)
        {
            list.Add(await ShowAsync(name, name == chosen, cancellation));
        }

        return list.ToImmutable();
    }

    /// <exception cref="SyncException">Code <c>usage</c> for the name, <c>profile_exists</c>.</exception>
    public async Task CreateAsync(string name, CancellationToken cancellation)
    {
        ProfileBook.Check("NAME", name);
        await _turn.WaitAsync(cancellation);
        try
        {
            if (ProfileBook.Known(folder, name) is { } known)
            {
                throw new SyncException("profile_exists", $"there is a profile '{known}'", "take another name");
            }

            if (runtime is not null)
            {
                await runtime.StartProfileAsync(name, cancellation);
                return;
            }

            // Opening makes the journal, and with it the device id.
            await using var made = await RuntimeDoor.OpenAsync(folder, name, online: false, logs: null, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Use(string name)
    {
        ProfileBook.Check("NAME", name);
        ProfileBook.Use(folder, ProfileBook.Known(folder, name) ?? throw Failures.NoSuchProfile(name));
    }

    /// <summary>Exports what was not sent, removes the credential, ends the profile's work and takes its folder away.</summary>
    /// <param name="yes">Also when operations were not sent.</param>
    /// <exception cref="SyncException">Code <c>profile_not_empty</c>, <c>profile_is_default</c>, <c>unknown_profile</c>; nothing was changed.</exception>
    public async Task<RemovedProfileDocument> RemoveAsync(string name, bool yes, CancellationToken cancellation)
    {
        ProfileBook.Check("NAME", name);
        await _turn.WaitAsync(cancellation);
        try
        {
            var known = ProfileBook.Known(folder, name) ?? throw Failures.NoSuchProfile(name);
            if (known == Default || known == runtime?.Default.Name)
            {
                throw new SyncException(
                    "profile_is_default",
                    $"'{known}' is the default profile",
                    "name another with 'actorsync profile use NAME', restart the host, then remove this one"
                );
            }

            return await RemoveKnownAsync(known, yes, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<RemovedProfileDocument> RemoveKnownAsync(string name, bool yes, CancellationToken cancellation)
    {
        var isLive = runtime?.Profiles.Contains(name, StringComparer.Ordinal) == true;
        var signedOut = false;
        if (isLive)
        {
            var profile = runtime!.Profile(name);
            await using (var live = new RuntimeDoor(profile, owned: null, drains: true))
            {
                RefuseUnsent(name, await UnsentAsync(live, cancellation), yes);
            }

            signedOut = await TrySignOutAsync(profile, cancellation);
            await runtime.StopProfileAsync(name, cancellation);
        }

        // What came in meanwhile is in the file as well: from here on nobody can enqueue.
        var (exported, file) = (0L, (string?)null);
        await using (var alone = await RuntimeDoor.OpenAsync(folder, name, online: false, logs: null, cancellation))
        {
            var unsent = await UnsentAsync(alone, cancellation);
            if (!isLive)
            {
                RefuseUnsent(name, unsent, yes);
                signedOut = await TrySignOutAsync(alone.Profile, cancellation);
            }

            if (unsent > 0)
            {
                file = ExportFile(name);
                exported = await QueueExport.WriteAsync(alone, file, cancellation, "pending", "parked", "dead");
            }
        }

        Directory.Delete(ProfileBook.FolderOf(folder, name), recursive: true);
        return new RemovedProfileDocument(name, exported, file, signedOut);
    }

    private async Task<ProfileDocument> ShowAsync(string name, bool isDefault, CancellationToken cancellation)
    {
        if (runtime?.Profiles.Contains(name, StringComparer.Ordinal) != true)
        {
            return new ProfileDocument(name, isDefault, Running: false, null, null, null, null, null, null);
        }

        try
        {
            // A profile whose status does not come is no reason not to show the others.
            var status = await runtime.Profile(name).GetStatusAsync(cancellation).WaitAsync(StatusWait, time, cancellation);
            return new ProfileDocument(
                name,
                isDefault,
                Running: true,
                status.Health.State,
                status.Health.Reason,
                status.DeviceId,
                status.Hub,
                status.Auth.Account,
                status.Queue.Pending
            );
        }
        catch (Exception failure) when (failure is SyncException or TimeoutException)
        {
            return new ProfileDocument(name, isDefault, Running: true, "ERR", failure.Message, null, null, null, null);
        }
    }

    private async Task<bool> TrySignOutAsync(SyncProfile profile, CancellationToken cancellation)
    {
        try
        {
            if ((await profile.GetStatusAsync(cancellation).WaitAsync(SignOutWait, time, cancellation)).Auth.State != "signed_in")
            {
                return false;
            }

            await profile.SignOutAsync(cancellation).WaitAsync(SignOutWait, time, cancellation);
            return true;
        }
        catch (Exception failure) when (failure is SyncException or TimeoutException)
        {
            // The folder goes in any case; the answer says that the credential was not signed out.
            return false;
        }
    }

    private static async Task<long> UnsentAsync(IDoor door, CancellationToken cancellation)
    {
        var counts = await door.AskAsync(Calls.Counts, Empty.Value, cancellation);
        return counts.Pending + counts.Parked + counts.Dead;
    }

    private static void RefuseUnsent(string name, long unsent, bool yes)
    {
        if (unsent > 0 && !yes)
        {
            throw new SyncException(
                "profile_not_empty",
                $"{unsent} operations of profile '{name}' have not reached the hub",
                "drain it first, or add --yes: they are written to a file, which import reads"
            );
        }
    }

    private string ExportFile(string name)
    {
        var exports = Path.Combine(folder.Path, "exports");
        DataFolder.CreatePrivate(exports);
        var at = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return Path.Combine(exports, $"{name}-{at}.ndjson");
    }
}
