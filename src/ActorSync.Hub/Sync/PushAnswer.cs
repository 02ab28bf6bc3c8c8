using System.Text;
using ActorSync.Hub.Http;

namespace ActorSync.Hub.Sync;

/// <summary>Writes the 200 of a push.</summary>
internal static class PushAnswer
{
    private const int BytesPerOp = 112;

    public static JsonBuffer Write(PushRequest push, PushVerdict.Settled settled)
    {
        var json = new JsonBuffer(256 + (BytesPerOp * push.Count));
        json.Raw("{\"accepted\":["u8);
        var rejected = 0;
        var first = true;
        foreach (ref readonly var op in push.Ops)
        {
            if (op.Rejected is not null)
            {
                rejected++;
                continue;
            }

            json.Raw(first ? "{\"operation_id\":"u8 : ",{\"operation_id\":"u8).Quoted(op.Id.Value);
            json.Raw(",\"id\":"u8).Number(op.StoredId).Raw(",\"lamport_ts\":"u8).Number(op.StoredLamport);
            json.Raw(op.Duplicate ? ",\"duplicate\":true}"u8 : ",\"duplicate\":false}"u8);
            first = false;
        }

        json.Raw("],\"rejected\":["u8);
        if (rejected > 0)
        {
            Rejected(json, push);
        }

        json.Raw("],\"last_id\":"u8).Number(settled.LastId).Raw(",\"head\":"u8).QuotedHex(settled.Head);
        json.Raw(",\"receipt\":{\"device_id\":"u8).Quoted(settled.Receipt.Device);
        json.Raw(",\"highest_lamport\":"u8).Number(settled.Receipt.HighestLamport);
        return json.Raw(",\"count\":"u8).Number(settled.Receipt.Count).Raw("}}"u8);
    }

    private static void Rejected(JsonBuffer json, PushRequest push)
    {
        var ops = push.Ops;
        var first = true;
        for (var i = 0; i < ops.Length; i++)
        {
            ref readonly var op = ref ops[i];
            if (op.Rejected is not { } fault)
            {
                continue;
            }

            json.Raw(first ? "{\"index\":"u8 : ",{\"index\":"u8).Number(i).Raw(",\"operation_id\":"u8);
            Identity(json, op);
            json.Raw(",\"error\":"u8).Quoted(Encoding.UTF8.GetBytes(fault.Code));
            json.Raw(",\"message\":"u8).Quoted(Encoding.UTF8.GetBytes(fault.Message)).Raw(",\"by\":"u8);
            if (op.BlockedBy >= 0)
            {
                Identity(json, ops[op.BlockedBy]);
            }
            else
            {
                json.Raw("null"u8);
            }

            json.Raw("}"u8);
            first = false;
        }
    }

    private static void Identity(JsonBuffer json, in PushedOp op)
    {
        if (op.Id.Value != Guid.Empty)
        {
            json.Quoted(op.Id.Value);
        }
        else if (op.UnreadableId is { } text)
        {
            json.Quoted(Encoding.UTF8.GetBytes(text));
        }
        else
        {
            json.Raw("null"u8);
        }
    }
}
