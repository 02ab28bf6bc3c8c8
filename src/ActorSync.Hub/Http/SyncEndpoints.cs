using System.Globalization;
using ActorSync.Hub.Sync;
using ActorSync.Model;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>Push, pull, acknowledge, one operation, digest.</summary>
internal sealed class SyncEndpoints(HubContext hub)
{
    private const int DefaultPage = 500;
    private const int MostPage = 1_000;

    public async Task<HubAnswer> PushAsync(HttpContext context)
    {
        var (claims, refusal) = hub.ReadBearer(context);
        if (claims is null)
        {
            return refusal!;
        }

        (var body, refusal) = await hub.Bodies.ReadAsync(context, hub.Options.Limits.BodyBytes);
        if (body is null)
        {
            return refusal!;
        }

        using var held = body;
        using var push = new PushRequest();
        if (PushReader.Read(body.Written, push) is { } fault)
        {
            return HubAnswer.Invalid(fault);
        }

        if (push.Device != claims.Device)
        {
            return DeviceMismatch();
        }

        PushVerdict? verdict = null;
        var answer = await hub.RunAsync(
            claims,
            sync: true,
            (store, granted) =>
            {
                verdict = new PushRules(store, granted.Account, granted.Device, push).Apply();
                return HubContext.Settled;
            }
        );
        return ReferenceEquals(answer, HubContext.Settled) ? AnswerTo(push, verdict!) : answer;
    }

    public Task<HubAnswer> PullAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var head = new byte[HeadChain.Bytes];
        var hasHead = query["head"].ToString() is { Length: > 0 } hex;
        if (!TryNumber(query["since"], 0, out var since) || since < 0)
        {
            return Invalid("since: must be an integer of 0 or more");
        }

        if (!TryNumber(query["limit"], DefaultPage, out var limit) || limit is < 1 or > MostPage)
        {
            return Invalid($"limit: must be an integer from 1 to {MostPage}");
        }

        // The highest pair that a client knows may be ahead of its cursor: it learns pairs from acks too.
        if (!TryNumber(query["known_id"], since, out var known) || known < 0)
        {
            return Invalid("known_id: must be an integer of 0 or more");
        }

        if (hasHead && !HeadChain.TryParse(query["head"].ToString(), head))
        {
            return Invalid("head: must be 64 hex digits");
        }

        return hub.RunAsync(
            context,
            sync: true,
            (store, granted) =>
                hasHead && !store.Log.Has(granted.Account, known, head) ? HistoryChanged()
                : since > 0 && since < granted.Account.CompactedTo ? Compacted(granted.Account.CompactedTo)
                : PullPage.Write(store, granted.Account, since, (int)limit, hub.Options.Limits.PageBytes) is { } page ? HubAnswer.Json(page)
                : HistoryChanged()
        );
    }

    public async Task<HubAnswer> AckAsync(HttpContext context)
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

        if (form.Text("device_id", Fields.MaxDeviceBytes) is not { } device || form.Number("last_seen_id") is not { } seen || seen < 0)
        {
            return HubAnswer.Invalid("device_id must be a text that is not blank, last_seen_id an integer of 0 or more");
        }

        if (device != claims.Device)
        {
            return DeviceMismatch();
        }

        return await hub.RunAsync(
            claims,
            sync: true,
            (store, granted) =>
            {
                if (seen > granted.Account.LastId)
                {
                    return HubAnswer.Invalid($"last_seen_id: the log ends at {granted.Account.LastId}");
                }

                granted.Device.AckedId = Math.Max(granted.Device.AckedId, seen);
                granted.Device.AckedAt = store.Now;
                granted.Device.Changed = true;
                return HubAnswer.NoContent();
            }
        );
    }

    public Task<HubAnswer> OperationAsync(HttpContext context, string name)
    {
        if (!OperationId.TryParse(name, out var operation))
        {
            return Invalid("operation_id: must be a UUID of 36 characters");
        }

        return hub.RunAsync(
            context,
            sync: true,
            (store, granted) =>
                store.Log.Find(granted.Account, operation) is { } found
                    ? HubAnswer.Json(json =>
                    {
                        json.WriteStartObject();
                        json.WriteNumber("id"u8, found.Id);
                        json.WriteNumber("lamport_ts"u8, found.Lamport);
                        json.WriteString("device_id"u8, granted.Account.Device(found.Device)!.Id);
                        json.WriteEndObject();
                    })
                    : HubAnswer.Error(404, "unknown_operation", "the hub holds no operation of this id")
        );
    }

    public async Task<HubAnswer> DigestAsync(HttpContext context)
    {
        var (account, refusal) = await hub.AdmitAsync(context);
        if (refusal is not null)
        {
            return refusal;
        }

        var digest = await hub.Store.RunLongAsync(new DigestWork(account));
        return HubAnswer.Json(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("cursor"u8, digest.Cursor);
            json.WriteString("digest"u8, digest.Digest);
            json.WriteStartObject("entities"u8);
            foreach (var (entity, hex) in digest.Entities)
            {
                json.WriteString(entity, hex);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static HubAnswer AnswerTo(PushRequest push, PushVerdict verdict) =>
        verdict switch
        {
            PushVerdict.Settled settled => HubAnswer.Json(PushAnswer.Write(push, settled)),
            PushVerdict.Regression regression => HubAnswer.Error(
                409,
                "lamport_regression",
                "the caller's clock is behind stamps that the hub holds of it; raise it to stored_max and shift what is unpublished",
                json =>
                {
                    json.WriteString("device_id"u8, regression.Device);
                    json.WriteNumber("stored_max"u8, regression.StoredMax);
                    json.WriteNumber("offending_lamport_ts"u8, regression.Offending);
                }
            ),
            _ => HistoryChanged(),
        };

    private static HubAnswer HistoryChanged() =>
        HubAnswer.Error(
            410,
            "resync_required",
            "the hub's history is not the one that the caller knows",
            json => json.WriteString("reason"u8, "history_changed"u8)
        );

    private static HubAnswer Compacted(long upTo) =>
        HubAnswer.Error(
            410,
            "resync_required",
            $"operations up to {upTo} are compacted; take a snapshot",
            json =>
            {
                json.WriteString("reason"u8, "compacted"u8);
                json.WriteNumber("compacted_up_to"u8, upTo);
            }
        );

    private static HubAnswer DeviceMismatch() =>
        HubAnswer.Error(403, "device_mismatch", "device_id: the token was issued to another device");

    private static bool TryNumber(string? text, long otherwise, out long value)
    {
        value = otherwise;
        return string.IsNullOrEmpty(text) || long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static Task<HubAnswer> Invalid(string message) => Task.FromResult(HubAnswer.Invalid(message));
}
