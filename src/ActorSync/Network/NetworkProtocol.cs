namespace ActorSync.Network;

/// <summary>What the watcher of the machine's network says. It hears the reports of sync and its lanes, through the profile, and answers nobody.</summary>
internal static class NetworkProtocol
{
    /// <summary>What failed on the network may work now: try again at once. Told to sync and auth, through the profile; many causes in one second are one of these.</summary>
    /// <param name="Woke">The machine slept: whatever is on its way goes through a connection that is gone.</param>
    public sealed record NetworkBack(bool Woke);
}
