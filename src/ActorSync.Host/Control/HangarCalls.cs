namespace ActorSync.Host.Control;

/// <summary>What can be asked of a profile's hangar; how it stands is part of the status.</summary>
internal static class HangarCalls
{
    public static readonly ControlCall<Empty, HangarOutcome> Push = new(
        "push-hangar",
        HostJson.Default.Empty,
        HostJson.Default.HangarOutcome,
        static (profile, _, cancellation) => profile.PushHangarAsync(cancellation)
    );
}
