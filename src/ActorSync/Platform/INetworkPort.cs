namespace ActorSync.Platform;

/// <summary>What the machine says about its network. The simulation has one of its own.</summary>
internal interface INetworkPort
{
    /// <summary>Calls back, on any thread, when an address came or went or the network became available. Dispose ends it.</summary>
    IDisposable Watch(Action changed);

    /// <summary>Whether the name has an address now. Nothing is sent to it; never throws but for the caller's own cancellation.</summary>
    Task<bool> HasAddressAsync(string host, CancellationToken cancellationToken);
}
