using System.Runtime.ExceptionServices;
using ActorSync.Runtime;
using Akka.Actor;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync;

/// <summary>Profiles that come and go while the runtime runs.</summary>
public sealed partial class SyncRuntime
{
    /// <summary>Starts another profile; its journal is made when it has none. One that may not be opened is taken off again.</summary>
    /// <exception cref="JournalOpenException">Its journal may not be opened.</exception>
    internal async Task<SyncProfile> StartProfileAsync(string name, CancellationToken cancellation)
    {
        var tree = _tree ?? throw new JournalUnavailableException("the runtime is not running", "start it first");
        var (profile, link) = MakeProfile(name);
        lock (_gate)
        {
            if (_profiles.Any(known => string.Equals(known.Profile.Name, name, StringComparison.OrdinalIgnoreCase)))
            {
                throw new SyncException("profile_exists", $"there is a profile '{name}'", "take another name");
            }

            _profiles = [.. _profiles, (profile, link)];
        }

        try
        {
            var readiness = await tree.Ask<Readiness>(
                    replyTo => new AddProfile(Setup(name, link), replyTo),
                    ProfileLink.StartWait,
                    cancellation
                )
                .ConfigureAwait(false);
            link.Profile = readiness.Profile;
            if (readiness is ProfileFailed failed)
            {
                if (failed.Cause is { } cause)
                {
                    ExceptionDispatchInfo.Throw(cause);
                }

                throw new SyncException(failed.Code, failed.Reason, failed.Remedy);
            }

            return profile;
        }
        catch
        {
            await StopProfileAsync(name, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops one profile as a clean stop does; nothing of it is left when this completes. Its files stay.</summary>
    internal async Task StopProfileAsync(string name, CancellationToken cancellation)
    {
        ProfileLink? link;
        lock (_gate)
        {
            link = _profiles.FirstOrDefault(known => known.Profile.Name == name).Link;
            _profiles = [.. _profiles.Where(known => known.Profile.Name != name)];
        }

        if (link is null || _tree is not { } tree)
        {
            return;
        }

        await tree.Ask<ProfileGone>(
                replyTo => new DropProfile(name, replyTo),
                _options.Shutdown.StopTimeout + ProfileLink.StopGrace,
                cancellation
            )
            .ConfigureAwait(false);
        link.Journal.Down("the profile has been removed", "use another one");
        link.Profile = null;
    }
}
