using System.Collections.Immutable;
using System.Text;
using ActorSync.Hub.Accounts;
using ActorSync.Hub.Store;
using ActorSync.Hub.Sync;

namespace ActorSync.Hub.Admin;

/// <summary>What an operator may do with a hub's accounts, whether it is serving meanwhile or not.</summary>
internal sealed class HubAdmin(StoreThread store, Credentials credentials, HubOptions options)
{
    private const int MostHandle = 128;

    /// <summary>A code that lets one device join the account. The account is made on first use.</summary>
    /// <param name="account">The account's handle: 1 to 128 characters, not blank.</param>
    public Task<PairingCode> CreatePairingCodeAsync(string account)
    {
        var handle = HandleOf(account);
        return store.RunAsync(s => credentials.StartPairing(s, credentials.AccountOf(s, handle)));
    }

    /// <summary>An access token to be pasted: it has a life of its own and cannot be refreshed. Account and device are made on first use.</summary>
    public Task<string> IssueTokenAsync(string account, string deviceId, TimeSpan lifetime)
    {
        var handle = HandleOf(account);
        ArgumentException.ThrowIfNullOrWhiteSpace(deviceId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Encoding.UTF8.GetByteCount(deviceId), Fields.MaxDeviceBytes, nameof(deviceId));
        return store.RunAsync(s => credentials.IssuePasted(s, credentials.AccountOf(s, handle), deviceId, lifetime));
    }

    /// <summary>Ends all that a device signs in with; its sockets are closed. False when the account has no such device.</summary>
    public Task<bool> RevokeDeviceAsync(string account, string deviceId)
    {
        var handle = HandleOf(account);
        return store.RunAsync(s =>
        {
            if (s.Accounts.ByHandle(handle) is not { } found || found.Device(deviceId) is not { } device)
            {
                return false;
            }

            Credentials.Revoke(s, found, device);
            return true;
        });
    }

    /// <summary>Lets an account sync, or not. False when there is no such account.</summary>
    public Task<bool> SetAccountStatusAsync(string account, AccountStatus status)
    {
        var handle = HandleOf(account);
        return store.RunAsync(s =>
        {
            if (s.Accounts.ByHandle(handle) is not { } found)
            {
                return false;
            }

            found.Status = status;
            found.Changed = true;
            s.Doubt(found);
            return true;
        });
    }

    /// <summary>All accounts with their devices, oldest first.</summary>
    public Task<ImmutableArray<AccountSummary>> AccountsAsync() =>
        store.RunAsync(s => s.Accounts.Numbers().Select(n => Of(s.Accounts.ByNumber(n))).ToImmutableArray());

    /// <summary>The last complete capture of a device's side collection; null when there is none.</summary>
    public Task<HangarSnapshot?> HangarAsync(string account, string deviceId)
    {
        var handle = HandleOf(account);
        return store.RunAsync(s => s.Accounts.ByHandle(handle)?.Device(deviceId) is { } device ? s.Hangar.Get(device) : null);
    }

    /// <summary>Compacts now what the retention does not keep; it is done by itself now and then. Gives the number of operations.</summary>
    public Task<long> CompactAsync() => store.RunLongAsync(new CompactionWork(options.Retention));

    private static AccountSummary Of(AccountState account) =>
        new(
            account.Handle,
            account.Status,
            account.LastId,
            account.CompactedTo,
            [
                .. account
                    .Devices.OrderBy(d => d.Number)
                    .Select(d => new DeviceSummary(
                        d.Id,
                        d.Name,
                        DateTimeOffset.FromUnixTimeMilliseconds(d.LastSeenAt),
                        d.RevokedAt is not null,
                        d.Operations,
                        d.AckedId
                    )),
            ]
        );

    private static string HandleOf(string account)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(account);
        var handle = account.Trim();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(handle.Length, MostHandle, nameof(account));
        return handle;
    }
}

/// <param name="LastId">Where its log ends.</param>
/// <param name="CompactedTo">Where what can be pulled begins.</param>
internal sealed record AccountSummary(
    string Handle,
    AccountStatus Status,
    long LastId,
    long CompactedTo,
    ImmutableArray<DeviceSummary> Devices
);

/// <param name="Operations">What the hub holds of it.</param>
/// <param name="AckedId">What it says that it has; 0 when it never did.</param>
internal sealed record DeviceSummary(string Id, string? Name, DateTimeOffset LastSeenAt, bool Revoked, long Operations, long AckedId);
