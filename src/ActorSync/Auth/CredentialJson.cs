using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Auth;

/// <summary>The credential as JSON, before encryption. Members are only added; unknown ones are ignored.</summary>
internal static class CredentialJson
{
    public static byte[] Write(StoredCredential credential) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new CredentialRecord
            {
                Generation = credential.Generation.Value,
                Hub = credential.Hub?.AbsoluteUri,
                Account = credential.Account,
                Handle = credential.Handle,
                DeviceId = credential.Device?.Value,
                Origin = credential.Origin.ToString(),
                AccessToken = credential.Access?.Secret,
                RefreshToken = credential.Refresh?.Secret,
                ObtainedAt = credential.ObtainedAt,
                ExpiresAt = credential.ExpiresAt,
                RefreshSentAt = credential.RefreshSentAt,
                RefreshRefused = credential.RefreshRefused,
                PairingDigest = credential.Pairing?.CodeDigest,
                PairingNonce = credential.Pairing?.Nonce,
                Loss = credential.Loss is { } loss
                    ? new LossRecord
                    {
                        Code = loss.Code,
                        Text = loss.Text,
                        At = loss.At,
                        Token = loss.Token.Secret,
                        Refresh = loss.Refresh?.Secret,
                        RefreshRefused = loss.RefreshRefused,
                        Origin = loss.Origin.ToString(),
                        ObtainedAt = loss.ObtainedAt,
                        ExpiresAt = loss.ExpiresAt,
                    }
                    : null,
                DebtHub = credential.Debt?.Hub.AbsoluteUri,
                DebtToken = credential.Debt?.Token.Secret,
                DebtExpiresAt = credential.Debt?.ExpiresAt,
            },
            CredentialJsonContext.Default.CredentialRecord
        );

    /// <exception cref="JsonException">It is no such JSON.</exception>
    public static StoredCredential Read(ReadOnlySpan<byte> json)
    {
        var record =
            JsonSerializer.Deserialize(json, CredentialJsonContext.Default.CredentialRecord) ?? throw new JsonException("it is null");
        Uri? hub = null;
        if (record.Generation < 0 || (record.Hub is not null && !Uri.TryCreate(record.Hub, UriKind.Absolute, out hub)))
        {
            throw new JsonException("a member has an impossible value");
        }

        return new StoredCredential
        {
            Generation = new CredentialGeneration(record.Generation),
            Hub = hub,
            Account = record.Account,
            Handle = record.Handle,
            Device = record.DeviceId is null ? null : new DeviceId(record.DeviceId),
            Origin = ReadOrigin(record.Origin),
            Access = record.AccessToken is null ? null : new AccessToken(record.AccessToken),
            Refresh = record.RefreshToken is null ? null : new RefreshToken(record.RefreshToken),
            ObtainedAt = record.ObtainedAt,
            ExpiresAt = record.ExpiresAt,
            RefreshSentAt = record.RefreshSentAt,
            RefreshRefused = record.RefreshRefused,
            Pairing =
                record.PairingDigest is null || record.PairingNonce is null
                    ? null
                    : new PendingPairing(record.PairingDigest, record.PairingNonce),
            Loss = record.Loss is { Code: { } code, Token: { } token } loss
                ? new CredentialLoss(
                    code,
                    loss.Text ?? code,
                    loss.At,
                    new AccessToken(token),
                    loss.Refresh is null ? null : new RefreshToken(loss.Refresh),
                    loss.RefreshRefused,
                    ReadOrigin(loss.Origin),
                    loss.ObtainedAt,
                    loss.ExpiresAt
                )
                : null,
            Debt =
                record.DebtToken is not null && Uri.TryCreate(record.DebtHub, UriKind.Absolute, out var owed)
                    ? new RevocationDebt(owed, new AccessToken(record.DebtToken), record.DebtExpiresAt)
                    : null,
        };
    }

    private static CredentialOrigin ReadOrigin(string? text) =>
        Enum.TryParse<CredentialOrigin>(text, out var origin) ? origin : CredentialOrigin.None;
}

// A class, not a record: it must not print itself.
internal sealed class CredentialRecord
{
    public long Generation { get; set; }

    public string? Hub { get; set; }

    public string? Account { get; set; }

    public string? Handle { get; set; }

    public string? DeviceId { get; set; }

    public string? Origin { get; set; }

    public string? AccessToken { get; set; }

    public string? RefreshToken { get; set; }

    public DateTimeOffset ObtainedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RefreshSentAt { get; set; }

    public string? RefreshRefused { get; set; }

    public string? PairingDigest { get; set; }

    public string? PairingNonce { get; set; }

    public LossRecord? Loss { get; set; }

    public string? DebtHub { get; set; }

    public string? DebtToken { get; set; }

    public DateTimeOffset? DebtExpiresAt { get; set; }
}

internal sealed class LossRecord
{
    public string? Code { get; set; }

    public string? Text { get; set; }

    public DateTimeOffset At { get; set; }

    public string? Token { get; set; }

    public string? Refresh { get; set; }

    public string? RefreshRefused { get; set; }

    public string? Origin { get; set; }

    public DateTimeOffset ObtainedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(CredentialRecord))]
internal sealed partial class CredentialJsonContext : JsonSerializerContext;
