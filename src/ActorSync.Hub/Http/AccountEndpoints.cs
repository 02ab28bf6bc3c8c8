using ActorSync.Hub.Accounts;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>Who am I, renew, pair, devices.</summary>
internal sealed class AccountEndpoints(HubContext hub)
{
    private const int MostText = 128;

    public Task<HubAnswer> MeAsync(HttpContext context) =>
        hub.RunAsync(
            context,
            sync: false,
            (_, granted) =>
                HubAnswer.Json(json =>
                {
                    json.WriteStartObject();
                    json.WriteString("account"u8, granted.Account.Id);
                    json.WriteString("handle"u8, granted.Account.Handle);
                    json.WriteString("device_id"u8, granted.Device.Id);
                    json.WriteString("token_expires_at"u8, Iso(granted.Claims.ExpiresAt));
                    json.WriteEndObject();
                })
        );

    public async Task<HubAnswer> RefreshAsync(HttpContext context)
    {
        var (form, refusal) = await hub.FormAsync(context);
        if (form is null)
        {
            return refusal!;
        }

        if (form.Text("refresh_token", 4 * MostText) is not { } token || form.Text("device_id", MostText) is not { } device)
        {
            return HubAnswer.Invalid("refresh_token and device_id must be texts that are not blank");
        }

        return AnswerTo(await hub.Store.RunAsync(store => hub.Credentials.Refresh(store, token, device)));
    }

    public Task<HubAnswer> StartPairingAsync(HttpContext context) =>
        hub.RunAsync(
            context,
            sync: true,
            (store, granted) =>
            {
                var code = hub.Credentials.StartPairing(store, granted.Account);
                return HubAnswer.Json(json =>
                {
                    json.WriteStartObject();
                    json.WriteString("code"u8, code.Code);
                    json.WriteString("expires_at"u8, Iso(code.ExpiresAt));
                    json.WriteEndObject();
                });
            }
        );

    public async Task<HubAnswer> RedeemAsync(HttpContext context)
    {
        if (hub.Throttle.Try(context.Connection.RemoteIpAddress) is { } wait)
        {
            return HubAnswer.Error(429, "throttled", "too many tries to redeem a code; wait a minute", retryAfter: wait, close: true);
        }

        var (form, refusal) = await hub.FormAsync(context);
        if (form is null)
        {
            return refusal!;
        }

        if (form.Text("code", MostText) is not { } typed || PairingCodes.Normalize(typed) is not { } code)
        {
            return HubAnswer.Error(400, "invalid_code", $"code: {PairingCodes.Length} characters of {PairingCodes.Alphabet}");
        }

        if (form.Text("device_id", MostText) is not { } device || form.Text("nonce", MostText) is not { } nonce)
        {
            return HubAnswer.Invalid($"device_id and nonce must be texts of at most {MostText} bytes that are not blank");
        }

        var name = form.Text("device_name", MostText);
        return AnswerTo(await hub.Store.RunAsync(store => hub.Credentials.Redeem(store, code, device, name, nonce)));
    }

    public async Task<HubAnswer> ExchangeAsync(HttpContext context)
    {
        if (hub.Throttle.Try(context.Connection.RemoteIpAddress) is { } wait)
        {
            return HubAnswer.Error(429, "throttled", "too many tries to sign in; wait a minute", retryAfter: wait, close: true);
        }

        var (form, refusal) = await hub.FormAsync(context);
        if (form is null)
        {
            return refusal!;
        }

        if (
            form.Text("code", MostText) is not { } code
            || form.Text("code_verifier", MostText) is not { } verifier
            || form.Text("redirect_uri", 4 * MostText) is not { } redirect
            || form.Text("device_id", MostText) is not { } device
        )
        {
            return HubAnswer.Invalid("code, code_verifier, redirect_uri and device_id must be texts that are not blank");
        }

        var name = form.Text("device_name", MostText);
        return AnswerTo(await hub.Store.RunAsync(store => hub.SignIn.Exchange(store, code, verifier, redirect, device, name)));
    }

    public Task<HubAnswer> DevicesAsync(HttpContext context) =>
        hub.RunAsync(
            context,
            sync: false,
            (_, granted) =>
                HubAnswer.Json(json =>
                {
                    json.WriteStartArray();
                    foreach (var device in granted.Account.Devices.OrderBy(d => d.Number))
                    {
                        json.WriteStartObject();
                        json.WriteString("device_id"u8, device.Id);
                        json.WriteString("name"u8, device.Name);
                        json.WriteString("peer_id"u8, device.PeerId);
                        json.WriteString("last_seen_at"u8, Iso(DateTimeOffset.FromUnixTimeMilliseconds(device.LastSeenAt)));
                        json.WriteBoolean("revoked"u8, device.RevokedAt is not null);
                        json.WriteEndObject();
                    }

                    json.WriteEndArray();
                })
        );

    public async Task<HubAnswer> DescribeSelfAsync(HttpContext context)
    {
        var (claims, refused) = hub.ReadBearer(context);
        if (claims is null)
        {
            return refused!;
        }

        var (form, refusal) = await hub.FormAsync(context);
        if (form is null)
        {
            return refusal!;
        }

        return await hub.RunAsync(
            claims,
            sync: false,
            (_, granted) =>
            {
                granted.Device.Name = form.Text("name", MostText) ?? granted.Device.Name;
                granted.Device.PeerId = form.Text("peer_id", MostText) ?? granted.Device.PeerId;
                granted.Device.Changed = true;
                return HubAnswer.NoContent();
            }
        );
    }

    public Task<HubAnswer> RevokeSelfAsync(HttpContext context) =>
        hub.RunAsync(
            context,
            sync: false,
            (store, granted) =>
            {
                Credentials.Revoke(store, granted.Account, granted.Device);
                return HubAnswer.NoContent();
            }
        );

    private static HubAnswer AnswerTo(GrantOutcome outcome) =>
        outcome switch
        {
            GrantOutcome.Granted { Grant: var grant } => HubAnswer.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("access_token"u8, grant.AccessToken);
                json.WriteString("refresh_token"u8, grant.RefreshToken);
                json.WriteNumber("expires_in"u8, grant.ExpiresIn);
                json.WriteString("account"u8, grant.Account);
                json.WriteString("handle"u8, grant.Handle);
                json.WriteString("device_id"u8, grant.Device);
                json.WriteEndObject();
            }),
            GrantOutcome.Refused refused => HubAnswer.Error(refused.Status, refused.Code, refused.Message),
            _ => throw new InvalidOperationException("a grant is given or refused"),
        };

    private static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
