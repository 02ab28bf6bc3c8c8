using System.Net;
using System.Net.Sockets;

namespace ActorSync.Hub.Accounts;

/// <summary>Counts the tries of each address to redeem a code. Its memory is bounded: addresses beyond the bound share one count.</summary>
internal sealed class PairingThrottle(TimeProvider time, int triesPerMinute)
{
    private const int MaxAddresses = 4_096;
    private const int NetworkBytes = 8;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, Queue<long>> _tries = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Null when this try may go on; else how long to wait.</summary>
    public TimeSpan? Try(IPAddress? address)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var tries = Of(KeyOf(address), now);
            Forget(tries, now);
            if (tries.Count >= triesPerMinute)
            {
                return Window - time.GetElapsedTime(tries.Peek(), now);
            }

            tries.Enqueue(now);
            return null;
        }
    }

    private Queue<long> Of(string key, long now)
    {
        if (_tries.TryGetValue(key, out var tries))
        {
            return tries;
        }

        if (_tries.Count >= MaxAddresses)
        {
            foreach (var (idle, old) in _tries)
            {
                Forget(old, now);
                if (old.Count == 0)
                {
                    _tries.Remove(idle);
                }
            }

            key = _tries.Count >= MaxAddresses ? "others" : key;
        }

        if (!_tries.TryGetValue(key, out tries))
        {
            tries = _tries[key] = new Queue<long>();
        }

        return tries;
    }

    private void Forget(Queue<long> tries, long now)
    {
        while (tries.TryPeek(out var oldest) && time.GetElapsedTime(oldest, now) >= Window)
        {
            tries.Dequeue();
        }
    }

    // Of IPv6 the network counts: a host has all of it to itself.
    private static string KeyOf(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(plain.GetAddressBytes().AsSpan(0, NetworkBytes))
            : plain.ToString();
    }
}
