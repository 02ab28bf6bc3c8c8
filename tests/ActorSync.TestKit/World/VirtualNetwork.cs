using ActorSync.Platform;

namespace ActorSync.TestKit;

/// <summary>The network notices and the resolver of one simulated machine.</summary>
public sealed class VirtualNetwork : INetworkPort
{
    private readonly List<Subscription> _watchers = [];

    /// <summary>Whether names have addresses.</summary>
    public bool HasNames { get; set; } = true;

    /// <summary>How often a name was asked for.</summary>
    public int Asked { get; private set; }

    public int Watchers => _watchers.Count;

    /// <summary>An address came or went.</summary>
    public void Change() => _watchers.ToList().ForEach(watcher => watcher.Call());

    IDisposable INetworkPort.Watch(Action changed)
    {
        var subscription = new Subscription(this, changed);
        _watchers.Add(subscription);
        return subscription;
    }

    Task<bool> INetworkPort.HasAddressAsync(string host, CancellationToken cancellationToken)
    {
        Asked++;
        return Task.FromResult(HasNames);
    }

    private sealed class Subscription(VirtualNetwork network, Action changed) : IDisposable
    {
        public void Call() => changed();

        public void Dispose() => network._watchers.Remove(this);
    }
}
