using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>Who may call: access tokens, refresh tokens, pairing codes. Tokens are made from a counter, so that a run repeats.</summary>
internal sealed class HubTokens(Func<DateTimeOffset> now)
{
    private static readonly TimeSpan RefreshGrace = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Access> _access = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Refresh> _refresh = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pairing> _codes = new(StringComparer.Ordinal);
    private int _count;

    public TimeSpan AccessLife { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>A token as a person would paste it. Null device: it speaks for any.</summary>
    public string Issue(string account, string? device, TimeSpan life)
    {
        var expires = now() + life;
        var claims = new JsonObject
        {
            ["sub"] = account,
            ["jti"] = (++_count).ToString(CultureInfo.InvariantCulture),
            ["device_id"] = device,
            ["exp"] = expires.ToUnixTimeSeconds(),
        };
        var token =
            $"{Segment("{\"alg\":\"none\",\"typ\":\"JWT\"}")}.{Segment(claims.ToJsonString())}.{Segment(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"signature-{_count}"))))}";
        _access[token] = new Access(account, device, expires);
        return token;
    }

    public string NewCode(string account, TimeSpan? life = null)
    {
        const string letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
        var number = (uint)(++_count) * 2_654_435_761;
        var code = string.Create(
            8,
            number,
            static (span, n) =>
            {
                for (var i = 0; i < span.Length; i++, n /= 3)
                {
                    span[i] = letters[(int)(n % letters.Length)];
                }
            }
        );
        _codes[code] = new Pairing(account, now() + (life ?? TimeSpan.FromMinutes(5)));
        return code;
    }

    /// <summary>The caller, or the 401 that it gets.</summary>
    public (Access? Caller, HubAnswer? Refusal) Authorise(string? bearer) =>
        bearer is null ? (null, HubAnswer.Error(401, "token_missing", "no bearer token"))
        : !_access.TryGetValue(bearer, out var access) ? (null, HubAnswer.Error(401, "token_invalid", "this hub did not issue that token"))
        : access.Revoked ? (null, HubAnswer.Error(401, "token_revoked", "the token was revoked"))
        : access.ExpiresAt <= now() ? (null, HubAnswer.Error(401, "token_expired", "the token has expired"))
        : (access, null);

    public void Revoke(Func<Access, bool> which)
    {
        foreach (var access in _access.Values.Where(which))
        {
            access.Revoked = true;
        }

        foreach (var token in _refresh.Where(x => which(x.Value.Access)).Select(static x => x.Key).ToList())
        {
            _refresh.Remove(token);
        }
    }

    public HubAnswer Redeem(JsonNode body)
    {
        var (code, device, nonce) = ((string?)body["code"], (string?)body["device_id"], (string?)body["nonce"]);
        if (code is not { Length: 8 } || string.IsNullOrWhiteSpace(device))
        {
            return HubAnswer.Error(400, "invalid_code", "a code has 8 characters");
        }

        if (!_codes.TryGetValue(code, out var pairing))
        {
            return HubAnswer.Error(404, "unknown_code", "no such code");
        }

        if (pairing.Answer is { } known)
        {
            return pairing.Nonce == nonce ? known : HubAnswer.Error(409, "already_redeemed", "the code was used");
        }

        if (pairing.ExpiresAt <= now())
        {
            return HubAnswer.Error(410, "expired", "the code has expired");
        }

        pairing.Nonce = nonce;
        pairing.Answer = Grant(pairing.Account, device);
        return pairing.Answer;
    }

    public HubAnswer Renew(JsonNode body)
    {
        var (token, device) = ((string?)body["refresh_token"], (string?)body["device_id"]);
        if (token is null || !_refresh.TryGetValue(token, out var refresh) || refresh.Access.Device != device)
        {
            return HubAnswer.Error(401, "invalid_grant", "this refresh token is not good");
        }

        // A used token stays good for a while: its answer may have been lost.
        if (refresh.UsedAt is { } used && now() - used > RefreshGrace)
        {
            Revoke(x => x.Account == refresh.Access.Account && x.Device == device);
            return HubAnswer.Error(401, "invalid_grant", "this refresh token was used");
        }

        refresh.UsedAt ??= now();
        return Grant(refresh.Access.Account, device!);
    }

    private HubAnswer Grant(string account, string device)
    {
        var access = Issue(account, device, AccessLife);
        var refresh = $"refresh-{++_count}-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"refresh-{_count}")))}";
        _refresh[refresh] = new Refresh(_access[access]);
        return HubAnswer.Json(
            200,
            new JsonObject
            {
                ["access_token"] = access,
                ["refresh_token"] = refresh,
                ["expires_in"] = (int)AccessLife.TotalSeconds,
                ["account"] = account,
                ["handle"] = $"@{account}",
                ["device_id"] = device,
            }
        );
    }

    private static string Segment(string text) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    internal sealed record Access(string Account, string? Device, DateTimeOffset ExpiresAt)
    {
        public bool Revoked { get; set; }
    }

    private sealed record Refresh(Access Access)
    {
        public DateTimeOffset? UsedAt { get; set; }
    }

    private sealed record Pairing(string Account, DateTimeOffset ExpiresAt)
    {
        public string? Nonce { get; set; }

        public HubAnswer? Answer { get; set; }
    }
}
