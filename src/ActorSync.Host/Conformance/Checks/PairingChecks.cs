using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>How a device joins, renews and leaves.</summary>
internal static class PairingChecks
{
    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    private const string RedeemRule = "Signing in: POST /v1/auth/devices/redeem";
    private const string RefreshRule = "Signing in: POST /v1/auth/refresh";

    public static readonly ImmutableArray<Check> All =
    [
        new(
            "pairing.start",
            "Signing in: POST /v1/auth/devices/start",
            "A code has 8 letters of the alphabet and five minutes",
            StartAsync
        ),
        new("pairing.redeem", RedeemRule, "A code, typed anyhow, lets a device in", RedeemAsync),
        new("pairing.same_nonce", RedeemRule, "The same code, device and nonce get the same answer again", SameNonceAsync),
        new("pairing.used_code", RedeemRule, "A used code is 409 already_redeemed to anybody else", UsedCodeAsync),
        new("pairing.wrong_code", RedeemRule, "No code is 400 invalid_code, an unknown one 404 unknown_code", WrongCodeAsync),
        new("refresh.rotates", RefreshRule, "A refresh gives new tokens for the same device and account", RotatesAsync),
        new("refresh.grace", RefreshRule, "The refresh token before is good once more at once, since the answer may be lost", GraceAsync),
        new("refresh.invalid_grant", RefreshRule, "An unknown refresh token, or another device's, is 401 invalid_grant", InvalidGrantAsync),
        new(
            "pairing.revoke_self",
            "Signing in: DELETE /v1/auth/devices/self",
            "Who leaves is 204; its tokens have ended, and its socket with 4401",
            RevokeAsync
        ),
        new("pairing.throttled", RedeemRule, "From the 11th try in a minute it is 429 throttled with Retry-After", ThrottledAsync),
    ];

    private static async Task StartAsync(Session s)
    {
        var answer = await s.Main.Caller.PostAsync("/v1/auth/devices/start", "{}");
        Session.Require(answer.Status != 403, "the hub gives this token no code");
        var started = answer.Gives();
        var code = started.Text("code");
        Expect.That(code.Length == 8 && code.All(Letters.Contains), $"'{code}' is no code");
        var expires = Expect.Instant(started.Text("expires_at"), "expires_at");
        if (answer.Header("date") is { } date)
        {
            var life = expires - DateTimeOffset.Parse(date, CultureInfo.InvariantCulture);
            Expect.That(life > TimeSpan.FromMinutes(4) && life <= TimeSpan.FromMinutes(5.1), $"the code is good for {life}");
        }
    }

    private static async Task RedeemAsync(Session s)
    {
        var guest = await GuestAsync(s);
        Grant(guest.Granted, guest.Device, s.Main.Account);
        var me = (await s.Nobody.As(guest.AccessToken).GetAsync("/v1/auth/me")).Gives();
        Expect.Equal((guest.Device, s.Main.Account), (me.Text("device_id"), me.Text("account")), "device and account of the new token");
        var listed = (await AccountChecks.ListAsync(s)).SingleOrDefault(d => d.Text("device_id") == guest.Device);
        Expect.That(listed.ValueKind == JsonValueKind.Object && !listed.Truth("revoked"), "the new device is not listed");
        Expect.Equal("conformance", listed.TextOrNull("name"), "its name");
    }

    private static async Task SameNonceAsync(Session s)
    {
        var guest = await GuestAsync(s);
        var again = (await TryAsync(s, guest.Code, guest.Device, guest.Nonce)).Gives();
        foreach (var member in new[] { "access_token", "refresh_token", "account", "device_id" })
        {
            Expect.Equal(guest.Granted.Text(member), again.Text(member), member);
        }
    }

    private static async Task UsedCodeAsync(Session s)
    {
        var guest = await GuestAsync(s);
        (await TryAsync(s, guest.Code, guest.Device, s.Way.Random(16))).Refuses(409, "already_redeemed");
        (await TryAsync(s, guest.Code, $"{guest.Device}-b", guest.Nonce)).Refuses(409, "already_redeemed");
    }

    private static async Task WrongCodeAsync(Session s)
    {
        (await TryAsync(s, "0O1I", "x", s.Way.Random(16))).Refuses(400, "invalid_code");
        var unknown = string.Concat(Convert.FromHexString(s.Way.Random(8)).Select(b => Letters[b % Letters.Length]));
        (await TryAsync(s, unknown, "x", s.Way.Random(16))).Refuses(404, "unknown_code");
    }

    private static async Task RotatesAsync(Session s)
    {
        var (token, device) = await RenewableAsync(s);
        var renewed = (await RefreshAsync(s, token, device)).Gives();
        Grant(renewed, device, s.Main.Account);
        Expect.That(renewed.Text("refresh_token") != token, "the refresh token was not replaced");
        (await s.Nobody.As(renewed.Text("access_token")).GetAsync("/v1/auth/me")).Gives();
        s.Renewed = renewed.Text("refresh_token");
    }

    private static async Task GraceAsync(Session s)
    {
        var (token, device) = await RenewableAsync(s);
        var first = (await RefreshAsync(s, token, device)).Gives();
        var again = (await RefreshAsync(s, token, device)).Gives();
        Grant(again, device, s.Main.Account);
        s.Renewed = again.Text("refresh_token");
        foreach (var access in new[] { first, again })
        {
            (await s.Nobody.As(access.Text("access_token")).GetAsync("/v1/auth/me")).Gives();
        }
    }

    private static async Task InvalidGrantAsync(Session s)
    {
        (await RefreshAsync(s, s.Way.Random(32), s.Main.Id)).Refuses(401, "invalid_grant");
        var (token, device) = await RenewableAsync(s);
        (await RefreshAsync(s, token, $"stranger-{s.Way.Random(6)}")).Refuses(401, "invalid_grant");

        // That was somebody's mistake, not a theft: the device itself still can.
        s.Renewed = (await RefreshAsync(s, token, device)).Gives().Text("refresh_token");
    }

    private static async Task RevokeAsync(Session s)
    {
        var guest = await GuestAsync(s);
        var (token, device) = s.Input.RefreshToken is null ? await RenewableAsync(s) : (guest.RefreshToken, guest.Device);
        var caller = s.Nobody.As(guest.AccessToken);
        using var socket = await WakeUps.OpenAsync(caller, guest.Device);
        await socket.NextAsync("the first frame");
        (await caller.SendAsync(new HubRequest("DELETE", "/v1/auth/devices/self"))).Is(204);
        s.Paired = null;
        await socket.EndAsync(4401, "token_revoked", "the end of its socket");
        (await caller.GetAsync("/v1/auth/me")).Refuses(401, "token_revoked");
        (await caller.GetAsync("/api/v1/sync/ops?since=0&limit=1")).Refuses(401, "token_revoked");
        (await RefreshAsync(s, token, device)).Refuses(401, "invalid_grant");
        var listed = (await AccountChecks.ListAsync(s)).SingleOrDefault(d => d.Text("device_id") == guest.Device);
        Expect.That(listed.ValueKind == JsonValueKind.Undefined || listed.Truth("revoked"), "the device is not listed as revoked");
    }

    private static async Task ThrottledAsync(Session s)
    {
        for (var tries = 0; tries < 11; tries++)
        {
            var answer = await s.RedeemAsync("0O1I", "x", s.Way.Random(16));
            if (answer.Status != 400)
            {
                answer.Refuses(429, "throttled");
                Expect.That(
                    int.TryParse(answer.Header("retry-after"), CultureInfo.InvariantCulture, out var wait) && wait is > 0 and <= 60,
                    $"Retry-After is '{answer.Header("retry-after")}', not 1 to 60 seconds"
                );
                return;
            }
        }

        throw Expect.Failed("eleven tries in a row were let through");
    }

    private static async Task<Guest> GuestAsync(Session s)
    {
        var guest = await s.GuestAsync();
        Session.Require(s.Paired is not null, "the device that this run paired has left");
        return guest;
    }

    /// <summary>A refresh token that is good now: the latest of this run, else the one that was given, else that of a device it pairs.</summary>
    private static async Task<(string Token, string Device)> RenewableAsync(Session s) =>
        s.Input.RefreshToken is { } given ? (s.Renewed ?? given, s.Main.Id)
        : await GuestAsync(s) is var guest ? (s.Renewed ?? guest.RefreshToken, guest.Device)
        : default;

    private static async Task<Answer> TryAsync(Session s, string code, string device, string nonce)
    {
        var answer = await s.RedeemAsync(code, device, nonce);
        Session.Require(answer.Status != 429, "the hub throttles pairing; wait a minute");
        return answer;
    }

    private static Task<Answer> RefreshAsync(Session s, string token, string device) =>
        s.Nobody.PostAsync("/v1/auth/refresh", $"{{\"refresh_token\":{JsonText.Quote(token)},\"device_id\":{JsonText.Quote(device)}}}");

    private static void Grant(JsonElement grant, string device, string account)
    {
        Expect.Equal(3, grant.Text("access_token").Split('.').Length, "the number of segments of the access token");
        Expect.That(grant.Text("refresh_token").Length >= 16, "the refresh token is short");
        Expect.That(grant.Number("expires_in") is > 0 and <= 900, $"expires_in is {grant.Number("expires_in")}, not 1 to 900 s");
        Expect.Equal((device, account), (grant.Text("device_id"), grant.Text("account")), "device_id and account");
        Expect.That(grant.Text("handle").Length > 0, "handle is empty");
    }
}
