using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Hub.Store;

namespace ActorSync.Hub.Accounts;

/// <summary>Issues, renews and revokes what devices sign in with. Each method but the first ones runs inside the store's transaction.</summary>
internal sealed class Credentials(AccessTokens tokens, HubOptions options)
{
    // A token that was replaced longer ago than this is forgotten: using it is refused, but revokes nothing any more.
    private static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    public AccountState AccountOf(HubStore store, string handle)
    {
        Span<byte> id = stackalloc byte[16];
        options.Chance.Fill(id);
        return store.Accounts.ByHandle(handle) ?? store.Accounts.Create(new Guid(id).ToString("D"), handle, store.Now);
    }

    /// <summary>A token to be pasted: its own life, no refresh.</summary>
    public string IssuePasted(HubStore store, AccountState account, string deviceId, TimeSpan life)
    {
        var device = Join(store, account, deviceId, null);
        var now = store.Time.GetUtcNow();
        return tokens.Issue(new TokenClaims(account.Id, deviceId, NewFamily(store, device), now, now + life));
    }

    /// <summary>Adds a code for the account, and says it.</summary>
    public PairingCode StartPairing(HubStore store, AccountState account)
    {
        var code = PairingCodes.Next(options.Chance);
        var expiresAt = store.Time.GetUtcNow() + options.PairingCodeLife;
        var expires = expiresAt.ToUnixTimeMilliseconds();
        store.Credentials.AddCode(HashOf(code), account, expires, store.Now - (long)TimeSpan.FromDays(1).TotalMilliseconds);
        return new PairingCode(code, DateTimeOffset.FromUnixTimeMilliseconds(expires));
    }

    public GrantOutcome Redeem(HubStore store, string code, string deviceId, string? deviceName, string nonce)
    {
        var hash = HashOf(code);
        if (store.Credentials.Code(hash) is not { } pairing)
        {
            return new GrantOutcome.Refused(404, "unknown_code", "no such code; ask for a new one");
        }

        var account = store.Accounts.ByNumber(pairing.Account);
        if (pairing.ExpiresAt <= store.Now)
        {
            return new GrantOutcome.Refused(410, "expired", "the code has expired; ask for a new one");
        }

        if (pairing.RedeemedAt is { } redeemedAt)
        {
            return pairing.Family is { } given && pairing.Nonce == nonce && account.Device(deviceId)?.Number == pairing.Device
                ? Redeemed(account, deviceId, code, nonce, given, redeemedAt)
                : new GrantOutcome.Refused(409, "already_redeemed", "the code was used; ask for a new one");
        }

        var now = store.Now;
        var device = Join(store, account, deviceId, deviceName);
        var family = NewFamily(store, device);
        store.Credentials.Redeem(hash, device, nonce, family, now);
        var granted = Redeemed(account, deviceId, code, nonce, family, now);
        store.Credentials.AddToken(HashOfToken(granted.Grant.RefreshToken), family, now);
        return granted;
    }

    /// <summary>Uses a code up without a device. The account, or null with a sentence for the person.</summary>
    /// <param name="nonce">Who used it may do so again while it lasts.</param>
    public AccountState? Spend(HubStore store, string code, string nonce, out string? refusal)
    {
        var hash = HashOf(code);
        var pairing = store.Credentials.Code(hash);
        refusal =
            pairing is null ? "There is no such code. Ask for a new one."
            : pairing.ExpiresAt <= store.Now ? "The code has expired. Ask for a new one."
            : pairing.RedeemedAt is not null && pairing.Nonce != nonce ? "The code was used. Ask for a new one."
            : null;
        if (refusal is not null)
        {
            return null;
        }

        store.Credentials.Redeem(hash, null, nonce, null, store.Now);
        return store.Accounts.ByNumber(pairing!.Account);
    }

    /// <summary>Lets a device in, with a credential of its own.</summary>
    public GrantOutcome.Granted Join(HubStore store, AccountState account, string deviceId, string? deviceName, out long family)
    {
        family = NewFamily(store, Join(store, account, deviceId, deviceName));
        return new GrantOutcome.Granted(Grant(account, deviceId, family, NewToken(store, family), store.Now));
    }

    public GrantOutcome Refresh(HubStore store, string refreshToken, string deviceId)
    {
        var invalid = new GrantOutcome.Refused(401, "invalid_grant", "the refresh token is not good any more; pair again");
        if (
            store.Credentials.Token(HashOfToken(refreshToken)) is not { RevokedAt: null } row
            || store.Accounts.ByNumber(row.Account) is not { } account
            || account.Device(deviceId) is not { RevokedAt: null } device
            || device.Number != row.Device
        )
        {
            return invalid;
        }

        var now = store.Now;
        if (row.ReplacedAt is { } replacedAt && now - replacedAt > options.RefreshGrace.TotalMilliseconds)
        {
            // Used twice, and not for a lost answer: somebody else holds a copy.
            store.Credentials.RevokeFamily(row.Family, now);
            store.Doubt(account);
            return invalid;
        }

        if (row.ReplacedAt is null)
        {
            store.Credentials.ReplaceTokens(row.Family, now, now - (long)Memory.TotalMilliseconds);
        }

        return new GrantOutcome.Granted(Grant(account, deviceId, row.Family, NewToken(store, row.Family), now));
    }

    public static void Revoke(HubStore store, AccountState account, DeviceState device)
    {
        store.Credentials.RevokeAll(device, store.Now);
        store.Doubt(account);
    }

    // Made from what was said and the hub's key alone, so that the same nonce gets the same answer though no token is kept.
    private GrantOutcome.Granted Redeemed(AccountState account, string deviceId, string code, string nonce, long family, long at) =>
        new(Grant(account, deviceId, family, Base64Url.EncodeToString(tokens.Derive("refresh", $"{code}\0{family}\0{nonce}")), at));

    private TokenGrant Grant(AccountState account, string deviceId, long family, string refreshToken, long at)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(at);
        var claims = new TokenClaims(account.Id, deviceId, family, now, now + options.AccessTokenLife);
        return new TokenGrant(
            tokens.Issue(claims),
            refreshToken,
            (long)options.AccessTokenLife.TotalSeconds,
            account.Id,
            account.Handle,
            deviceId
        );
    }

    /// <summary>The device, made on first use; one that was revoked is let in again.</summary>
    private static DeviceState Join(HubStore store, AccountState account, string deviceId, string? name)
    {
        var device = account.Device(deviceId) ?? store.Accounts.CreateDevice(account, deviceId, name, store.Now);
        device.RevokedAt = null;
        device.Name = name ?? device.Name;
        device.LastSeenAt = store.Now;
        device.Changed = true;
        return device;
    }

    private string NewToken(HubStore store, long family)
    {
        Span<byte> random = stackalloc byte[32];
        options.Chance.Fill(random);
        var token = Base64Url.EncodeToString(random);
        store.Credentials.AddToken(HashOfToken(token), family, store.Now);
        return token;
    }

    private long NewFamily(HubStore store, DeviceState device)
    {
        Span<byte> random = stackalloc byte[sizeof(long)];
        options.Chance.Fill(random);
        var id = BitConverter.ToInt64(random) & long.MaxValue;
        store.Credentials.AddFamily(id, device, store.Now);
        return id;
    }

    private byte[] HashOf(string code) => tokens.Derive("code", code);

    private static byte[] HashOfToken(string refreshToken) => SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken));
}

/// <summary>A code to type into the device that shall join.</summary>
internal sealed record PairingCode(string Code, DateTimeOffset ExpiresAt);

/// <param name="ExpiresIn">Seconds, from when it was issued.</param>
/// <param name="Account">The account's id.</param>
internal sealed record TokenGrant(string AccessToken, string RefreshToken, long ExpiresIn, string Account, string Handle, string Device)
{
    public override string ToString() => $"TokenGrant({Account}, {Device})";
}

internal abstract record GrantOutcome
{
    private GrantOutcome() { }

    public sealed record Granted(TokenGrant Grant) : GrantOutcome;

    public sealed record Refused(int Status, string Code, string Message) : GrantOutcome;
}
