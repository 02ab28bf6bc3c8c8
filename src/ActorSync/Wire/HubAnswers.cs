using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;
using ActorSync.Diagnostics;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Reads the answers to <see cref="HubCalls"/>. Never throws for what an answer holds.</summary>
internal static class HubAnswers
{
    private const long LongestLife = 10L * 366 * 24 * 3600;

    /// <summary>401 and 403 with a code of the protocol are <see cref="HubResult{T}.Refused"/>; with a clock far off an expiry is a failure instead.</summary>
    public static HubResult<HubIdentity> Me(HubReply reply) => Read<HubIdentity>(reply, [], ReadIdentity, judgesClock: true);

    /// <summary>Refused: 401 <c>invalid_grant</c>, and the credential's own codes.</summary>
    public static HubResult<TokenGrant> Refresh(HubReply reply) => Read<TokenGrant>(reply, [], ReadGrant);

    /// <summary>Refused: 400 <c>invalid_code</c>, 404 <c>unknown_code</c>, 409 <c>already_redeemed</c>, 410 <c>expired</c>.</summary>
    public static HubResult<TokenGrant> Redeem(HubReply reply) =>
        Read<TokenGrant>(
            reply,
            [(400, HubCodes.InvalidCode), (404, HubCodes.UnknownCode), (409, HubCodes.AlreadyRedeemed), (410, HubCodes.Expired)],
            ReadGrant
        );

    /// <summary>Refused: 400 and 401 <c>invalid_grant</c>, 400 <c>invalid_code</c>, 410 <c>expired</c>.</summary>
    public static HubResult<TokenGrant> Token(HubReply reply) =>
        Read<TokenGrant>(reply, [(400, HubCodes.InvalidGrant), (400, HubCodes.InvalidCode), (410, HubCodes.Expired)], ReadGrant);

    public static HubResult<Nothing> RevokeSelf(HubReply reply) =>
        reply is HubReply.Answered { Status: 204 } ? new HubResult<Nothing>.Value(default) : Read<Nothing>(reply, [], _ => null);

    /// <summary>Refused: 400 <c>incomplete_snapshot</c>, and the credential's own codes; with a clock far off an expiry is a failure instead.</summary>
    public static HubResult<Nothing> Hangar(HubReply reply) =>
        reply is HubReply.Answered { Status: 204 }
            ? new HubResult<Nothing>.Value(default)
            : Read<Nothing>(reply, [(400, HubCodes.IncompleteSnapshot)], _ => null, judgesClock: true);

    /// <summary>Refused: 410 <c>resync_required</c>.</summary>
    public static HubResult<OpsPage> OpsPage(HubReply reply) => Read<OpsPage>(reply, [(410, HubCodes.ResyncRequired)], OpsPageReader.Read);

    /// <summary>The value is null when the hub says, in our envelope, that it has no such operation.</summary>
    public static HubResult<HubOperation?> OpById(HubReply reply) =>
        reply is HubReply.Answered { Status: 404, Error: not null }
            ? new HubResult<HubOperation?>.Value(null)
            : Read<HubOperation?>(reply, [], ReadOperation);

    public static HubResult<HubDigest> Digest(HubReply reply) => Read<HubDigest>(reply, [], ReadDigest);

    /// <summary>Refused: 410 <c>resync_required</c>.</summary>
    public static HubResult<Nothing> Ack(HubReply reply) =>
        reply is HubReply.Answered { Status: 204 }
            ? new HubResult<Nothing>.Value(default)
            : Read<Nothing>(reply, [(410, HubCodes.ResyncRequired)], static _ => null);

    /// <summary>What came instead of a snapshot. Refused: 404 <c>not_found</c>, from a hub that has none.</summary>
    public static HubResult<Nothing> NoSnapshot(HubReply reply) => Read<Nothing>(reply, [(404, HubCodes.NotFound)], static _ => null);

    public static HubResult<HubHealth> Health(HubReply reply) => Read<HubHealth>(reply, [], ReadHealth);

    private static HubResult<T> Read<T>(
        HubReply reply,
        ReadOnlySpan<(int Status, string Code)> refusals,
        Func<ReadOnlyMemory<byte>, object?> read,
        bool judgesClock = false
    )
    {
        if (reply is HubReply.Failed failed)
        {
            return new HubResult<T>.Failed(failed.Failure);
        }

        var answer = (HubReply.Answered)reply;
        if (answer.Status == 200 && answer.IsJson)
        {
            return TryRead(answer.Body, read) is T value
                ? new HubResult<T>.Value(value)
                : new HubResult<T>.Failed(Failures.Make("unexpected_answer", "the answer is not what the protocol has for this call"));
        }

        var failure = AnswerClassifier.Classify(answer);
        if (answer.Error is not { } code)
        {
            return new HubResult<T>.Failed(failure);
        }

        var refusal =
            HubCodes.IsInvalidCredential(answer.Status, code) ? ErrorClass.AuthInvalid
            : HubCodes.IsForbidden(answer.Status, code) ? ErrorClass.AuthForbidden
            : refusals.Contains((answer.Status, code)) ? ErrorClass.Protocol
            : ErrorClass.Unknown;
        return refusal == ErrorClass.Unknown || (judgesClock && failure.Class == ErrorClass.ClockSkew)
            ? new HubResult<T>.Failed(failure)
            : new HubResult<T>.Refused(answer.Status, code, answer.Message ?? "", refusal);
    }

    private static object? TryRead(ReadOnlyMemory<byte> body, Func<ReadOnlyMemory<byte>, object?> read)
    {
        try
        {
            return Utf8.IsValid(body.Span) ? read(body) : null;
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return null;
        }
    }

    private static HubIdentity? ReadIdentity(ReadOnlyMemory<byte> body)
    {
        using var json = WireJson.Parse(body);
        var root = json.RootElement;
        return root.Text("account") is { } account && root.Text("device_id") is { } device
            ? new HubIdentity(account, root.Text("handle"), new DeviceId(device), root.Time("token_expires_at"))
            : null;
    }

    private static TokenGrant? ReadGrant(ReadOnlyMemory<byte> body)
    {
        using var json = WireJson.Parse(body);
        var root = json.RootElement;
        if (
            root.Text("access_token") is not { } access
            || !HubHeaders.IsToken(access)
            || root.Text("account") is not { } account
            || root.Text("device_id") is not { } device
            || root.Whole("expires_in") is not (> 0 and var seconds)
        )
        {
            return null;
        }

        return new TokenGrant(
            new AccessToken(access),
            root.Text("refresh_token"),
            TimeSpan.FromSeconds(Math.Min(seconds, LongestLife)),
            account,
            root.Text("handle"),
            new DeviceId(device)
        );
    }

    private static HubOperation? ReadOperation(ReadOnlyMemory<byte> body)
    {
        using var json = WireJson.Parse(body);
        var root = json.RootElement;
        return root.Whole("id") is > 0 and var id && root.Whole("lamport_ts") is { } lamport && root.Text("device_id") is { } device
            ? new HubOperation(id, lamport, new DeviceId(device))
            : null;
    }

    private static HubDigest? ReadDigest(ReadOnlyMemory<byte> body)
    {
        using var json = WireJson.Parse(body);
        var root = json.RootElement;
        if (
            root.Whole("cursor") is not { } cursor
            || root.Text("digest") is not { } digest
            || !WireJson.IsSha256(digest)
            || !root.TryGetProperty("entities", out var entities)
        )
        {
            return null;
        }

        var byEntity = ImmutableSortedDictionary.CreateBuilder<string, string>(Comparer<string>.Create(Utf8Order.Compare));
        foreach (var entity in entities.EnumerateObject())
        {
            byEntity[entity.Name] = entity.Value.GetString() ?? throw new JsonException("null is no digest");
        }

        return new HubDigest(cursor, digest, byEntity.ToImmutable());
    }

    private static HubHealth? ReadHealth(ReadOnlyMemory<byte> body)
    {
        using var json = WireJson.Parse(body);
        var root = json.RootElement;
        return root.Text("status") is { } status && root.Whole("protocol") is >= 1 and <= int.MaxValue and var protocol
            ? new HubHealth(status, root.Text("version"), (int)protocol)
            : null;
    }
}
