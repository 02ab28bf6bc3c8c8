using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace ActorSync.Platform;

/// <summary>The operating system's notices and resolver.</summary>
internal sealed class MachineNetwork : INetworkPort
{
    public static readonly MachineNetwork Instance = new();

    private MachineNetwork() { }

    public IDisposable Watch(Action changed)
    {
        try
        {
            return new Subscription(changed);
        }
        catch (Exception failure) when (failure is NetworkInformationException or PlatformNotSupportedException or SocketException)
        {
            // A sandbox without those notices; what sleeps and what resolves is noticed without them.
            return Nothing.Instance;
        }
    }

    public async Task<bool> HasAddressAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false)).Length > 0;
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            return false;
        }
    }

    private sealed class Subscription : IDisposable
    {
        private readonly NetworkAddressChangedEventHandler _addresses;
        private readonly NetworkAvailabilityChangedEventHandler _availability;

        public Subscription(Action changed)
        {
            _addresses = (_, _) => changed();
            _availability = (_, news) =>
            {
                if (news.IsAvailable)
                {
                    changed();
                }
            };
            NetworkChange.NetworkAddressChanged += _addresses;
            NetworkChange.NetworkAvailabilityChanged += _availability;
        }

        public void Dispose()
        {
            NetworkChange.NetworkAddressChanged -= _addresses;
            NetworkChange.NetworkAvailabilityChanged -= _availability;
        }
    }

    private sealed class Nothing : IDisposable
    {
        public static readonly Nothing Instance = new();

        public void Dispose() { }
    }
}
