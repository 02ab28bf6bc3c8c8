using System.Globalization;
using ActorSync.Hub.Http;
using ActorSync.Hub.Store;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>Writes one page of an account's log as JSON, straight from the columns.</summary>
internal static class PullPage
{
    private const string IsoTime = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int IsoLength = 24;

    /// <summary>Null when the account never had <paramref name="since"/>.</summary>
    public static JsonBuffer? Write(HubStore store, AccountState account, long since, int limit, int mostBytes)
    {
        // Who begins at 0 is told where the log begins; who is in between has to take a snapshot.
        var compacted = since == 0 ? account.CompactedTo : 0;
        since = Math.Max(since, compacted);
        Span<byte> head = stackalloc byte[HeadChain.Bytes];
        Span<byte> time = stackalloc byte[IsoLength];
        if (since > account.LastId || !store.Log.TryHead(account, since, head))
        {
            return null;
        }

        var devices = account.Devices.ToDictionary(d => d.Number, d => d.Utf8Id);
        var json = new JsonBuffer(64 << 10);
        json.Raw("{\"ops\":["u8);
        var (last, writtenAt) = (since, long.MinValue);
        var rows = store.Log.Page(account, since, limit);
        while (rows.Step())
        {
            if (last > since)
            {
                // A page holds one operation at least, however large that is.
                if (json.Length + rows.Bytes(8).Length > mostBytes)
                {
                    rows.Reset();
                    break;
                }

                json.Raw(","u8);
            }

            var createdAt = rows.Int64(11);
            if (createdAt != writtenAt)
            {
                DateTimeOffset.FromUnixTimeMilliseconds(createdAt).TryFormat(time, out _, IsoTime, CultureInfo.InvariantCulture);
                writtenAt = createdAt;
            }

            last = OperationLog.IdOf(rows.Int64(0));
            Row(json, rows, last, devices[rows.Int64(2)], time);
            rows.Bytes(12).CopyTo(head);
        }

        json.Raw("],\"last_id\":"u8).Number(last).Raw(",\"head\":"u8).QuotedHex(head);
        if (compacted > 0)
        {
            json.Raw(",\"compacted_up_to\":"u8).Number(compacted);
        }

        return json.Raw(last < account.LastId ? ",\"has_more\":true}"u8 : ",\"has_more\":false}"u8);
    }

    private static void Row(JsonBuffer json, Statement row, long id, ReadOnlySpan<byte> device, ReadOnlySpan<byte> createdAt)
    {
        json.Raw("{\"id\":"u8).Number(id).Raw(",\"operation_id\":"u8).Quoted(OperationId.FromBytes(row.Bytes(1)).Value);
        json.Raw(",\"device_id\":"u8).Quoted(device).Raw(",\"lamport_ts\":"u8).Number(row.Int64(3));
        json.Raw(",\"entity\":"u8).Quoted(row.Bytes(4)).Raw(",\"entity_id\":"u8).Quoted(row.Bytes(5)).Raw(",\"field\":"u8);
        if (row.IsNull(6))
        {
            json.Raw("null"u8);
        }
        else
        {
            json.Quoted(row.Bytes(6));
        }

        json.Raw(
            (OperationKind)row.Int32(7) switch
            {
                OperationKind.Set => ",\"op\":\"set\""u8,
                OperationKind.Insert => ",\"op\":\"insert\""u8,
                OperationKind.Delete => ",\"op\":\"delete\""u8,
                _ => ",\"op\":\"noop\""u8,
            }
        );
        json.Raw(",\"payload\":"u8).Raw(row.Bytes(8));
        json.Raw((Lane)row.Int32(9) == Lane.Bulk ? ",\"lane\":\"bulk\",\"schema\":"u8 : ",\"lane\":\"priority\",\"schema\":"u8);
        json.Number(row.Int64(10)).Raw(",\"published\":true,\"created_at\":"u8).Quoted(createdAt).Raw("}"u8);
    }
}
