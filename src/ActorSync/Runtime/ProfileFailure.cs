using System.Collections.Immutable;
using ActorSync.Events;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Status;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>What a profile that has failed says of itself.</summary>
internal static class ProfileFailure
{
    public static RuntimeProtocol.ProfileFailed Of(string name, IActorRef self, string child, ChildEnd end) =>
        end.Cause is SyncException known
            ? new RuntimeProtocol.ProfileFailed(name, self, known.Code, known.Message, known.Remedy, known)
            : new RuntimeProtocol.ProfileFailed(
                name,
                self,
                "profile_failed",
                $"its {child} failed again and again: {end.Error}",
                "restart the runtime, and report this with its log",
                null
            );

    public static HangarFailed OfHangar(string name, ChildEnd end, TimeProvider time) =>
        new(name, time.GetUtcNow(), "hangar_failed", end.Error, "nothing: it is started again by itself");

    public static ProfileFailed ToEvent(RuntimeProtocol.ProfileFailed failed, TimeProvider time) =>
        new(failed.Name, time.GetUtcNow(), failed.Code, failed.Reason, failed.Remedy);
}

/// <summary>The status of a profile whose status actor is not there to tell it.</summary>
internal static class FailedStatus
{
    public static StatusSnapshot Of(ProfileSetup setup, DeviceId device, RuntimeProtocol.ProfileFailed failed) =>
        Of(setup, device, $"{failed.Reason}; {failed.Remedy}");

    public static StatusSnapshot Of(ProfileSetup setup, DeviceId device, string why)
    {
        var now = setup.Platform.Time.Now();
        var state = HealthState.Text(Health.Err);
        var lane = new LaneHealth(state, why, now.Wall, null);
        var lanes = ImmutableSortedDictionary<string, LaneHealth>.Empty.Add("bulk", lane).Add("priority", lane);
        return new StatusModel(setup.Name, device.Value is null ? new DeviceId("") : device, setup.Options).Snapshot(
            new HealthView(state, why, now.Wall, null, lanes),
            now
        );
    }
}
