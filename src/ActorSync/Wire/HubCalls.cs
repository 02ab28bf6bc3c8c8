using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Makes the protocol's calls. Their answers are read by <see cref="HubAnswers"/>; a push's by <see cref="PushOutcomes"/>.</summary>
internal static class HubCalls
{
    private const int SmallAnswer = 64 << 10;
    private const int PushAnswer = 2 << 20;
    private const int PageAnswer = 32 << 20;

    /// <param name="body">A push's body, gzip already when <paramref name="gzip"/>.</param>
    public static HubCall Push(Uri hub, AccessToken token, ReadOnlyMemory<byte> body, bool gzip) =>
        new(hub, HttpMethod.Post, HubPaths.Ops, token, body, gzip, PushAnswer);

    public static HubCall Me(Uri hub, AccessToken token) => Get(hub, HubPaths.Me, token);

    public static HubCall Refresh(Uri hub, string refreshToken, DeviceId device) =>
        Post(hub, HubPaths.Refresh, ("refresh_token", refreshToken), ("device_id", device.Value));

    /// <param name="nonce">Random, kept for the retry: the same nonce again gets the same answer.</param>
    public static HubCall Redeem(Uri hub, string code, DeviceId device, string deviceName, string nonce) =>
        Post(hub, HubPaths.Redeem, ("code", code), ("device_id", device.Value), ("device_name", deviceName), ("nonce", nonce));

    /// <param name="code">Of a browser sign-in; good once.</param>
    public static HubCall Token(Uri hub, string code, string verifier, Uri redirect, DeviceId device) =>
        Post(
            hub,
            HubPaths.Token,
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect.AbsoluteUri),
            ("device_id", device.Value)
        );

    public static HubCall RevokeSelf(Uri hub, AccessToken token) =>
        new(hub, HttpMethod.Delete, HubPaths.SelfDevice, token, MaxAnswerBytes: SmallAnswer);

    /// <param name="body">A whole snapshot of the side collection.</param>
    public static HubCall Hangar(Uri hub, AccessToken token, ReadOnlyMemory<byte> body) =>
        new(hub, HttpMethod.Post, HubPaths.Hangar, token, body, MaxAnswerBytes: SmallAnswer);

    /// <param name="head">The head that belongs to <paramref name="since"/>, or to <paramref name="knownId"/> when that is given; null for none.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="knownId">The highest pair's id, when it is not at <paramref name="since"/>.</param>
    public static HubCall OpsPage(Uri hub, AccessToken token, long since, string? head, int limit, long? knownId = null)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{HubPaths.Ops}?since={since}&limit={limit}");
        if (head is not null)
        {
            path += $"&head={Uri.EscapeDataString(head)}";
            path += knownId is { } id && id != since ? string.Create(CultureInfo.InvariantCulture, $"&known_id={id}") : "";
        }

        return Get(hub, path, token, PageAnswer);
    }

    /// <summary>For <see cref="IHubPort.OpenAsync"/>: it is of any length.</summary>
    public static HubCall Snapshot(Uri hub, AccessToken token) => Get(hub, HubPaths.Snapshot, token);

    /// <summary>Says how far this device has read the account's log.</summary>
    public static HubCall Ack(Uri hub, AccessToken token, DeviceId device, long lastSeenId)
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("device_id"u8, device.Value);
            json.WriteNumber("last_seen_id"u8, lastSeenId);
            json.WriteEndObject();
        }

        return new HubCall(hub, HttpMethod.Post, HubPaths.Ack, token, body.WrittenMemory, MaxAnswerBytes: SmallAnswer);
    }

    public static HubCall OpById(Uri hub, AccessToken token, OperationId operation) => Get(hub, $"{HubPaths.Ops}/{operation}", token);

    public static HubCall Digest(Uri hub, AccessToken token) => Get(hub, HubPaths.Digest, token, PageAnswer);

    public static HubCall Health(Uri hub) => Get(hub, HubPaths.Health, token: null);

    private static HubCall Get(Uri hub, string path, AccessToken? token, int maxAnswer = SmallAnswer) =>
        new(hub, HttpMethod.Get, path, token, MaxAnswerBytes: maxAnswer);

    private static HubCall Post(Uri hub, string path, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return new HubCall(hub, HttpMethod.Post, path, Token: null, body.WrittenMemory, MaxAnswerBytes: SmallAnswer);
    }
}

/// <summary>Who the hub says we are.</summary>
internal sealed record HubIdentity(string Account, string? Handle, DeviceId Device, DateTimeOffset? TokenExpiresAt);

/// <summary>Fresh tokens, from a refresh or a pairing. Never printed: <see cref="ToString"/> hides them.</summary>
/// <param name="RefreshToken">Opaque; null when the hub gives none.</param>
/// <param name="ExpiresIn">The access token's life from now, more than zero.</param>
internal sealed record TokenGrant(
    AccessToken AccessToken,
    string? RefreshToken,
    TimeSpan ExpiresIn,
    string Account,
    string? Handle,
    DeviceId Device
)
{
    public override string ToString() => $"TokenGrant({Account}, {Device}, hidden)";
}

/// <summary>An operation as the hub holds it.</summary>
/// <param name="Id">The account's sequence.</param>
internal sealed record HubOperation(long Id, long Lamport, DeviceId Device);

/// <summary>One page of the account's operations, ascending.</summary>
/// <param name="LastId">The cursor to go on from; not below the last operation's id.</param>
internal sealed record OpsPage(IReadOnlyList<PulledOp> Ops, long LastId, string? Head, bool HasMore);

/// <param name="Raw">The operation's JSON as it came, a slice of the answer.</param>
internal readonly record struct PulledOp(long Id, OperationId OperationId, DeviceId Device, long Lamport, ReadOnlyMemory<byte> Raw);

/// <param name="Entities">Digest by entity, in ordinal order.</param>
internal sealed record HubDigest(long Cursor, string Digest, IReadOnlyDictionary<string, string> Entities);

internal sealed record HubHealth(string Status, string? Version, int Protocol);
