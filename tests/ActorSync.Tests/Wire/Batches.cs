using System.Buffers;
using System.Globalization;
using System.Text;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Tests.Wire;

/// <summary>Batches and the answers that an honest hub gives to them.</summary>
internal static class Batches
{
    public const string Head = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    public static PushBatch Of(int count, int seed = 1)
    {
        var random = new Random(seed);
        var body = new ArrayBufferWriter<byte>();
        body.Write("""{"device_id":"d","clock":9,"ops":["""u8);
        var head = body.WrittenCount;
        var rows = new PushBatch.Row[count];
        Span<byte> id = stackalloc byte[16];
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }

            random.NextBytes(id);
            var operation = OperationId.FromBytes(id);
            var op = Encoding.UTF8.GetBytes($$"""{"operation_id":"{{operation}}"}""");
            rows[i] = new PushBatch.Row(i + 1, operation, 100 + i, Lane.Priority, new EntityKey(0, (ulong)i), body.WrittenCount, op.Length);
            body.Write(op);
        }

        body.Write("]}"u8);
        return new PushBatch(Lane.Priority, clock: 9, maxLamport: 100 + count, body, head, rows);
    }

    public static string Accepted(PushBatch batch, params IEnumerable<int> rows) =>
        string.Join(',', rows.Select(i => Accepted(batch.IdAt(i), 1000 + i, batch.Rows[i].Lamport)));

    public static string Accepted(OperationId id, long number, long lamport, bool duplicate = false) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"operation_id":"{{id}}","id":{{number}},"lamport_ts":{{lamport}},"duplicate":{{(duplicate ? "true" : "false")}}}"""
        );

    public static string Rejected(PushBatch batch, int row, string error = "invalid_payload", string? by = null) =>
        $$"""{"operation_id":"{{batch.IdAt(row)}}","error":"{{error}}","message":"No.","by":{{(by is null ? "null" : $"\"{by}\"")}}}""";

    public static string Answer(string accepted, string rejected = "", string more = "") =>
        $$"""{"accepted":[{{accepted}}],"rejected":[{{rejected}}],"last_id":2000,"head":"{{Head}}","receipt":{"device_id":"d","highest_lamport":42,"count":17}{{more}}}""";

    public static HubReply.Answered Ok(string body) => new(200, Encoding.UTF8.GetBytes(body), IsJson: true, null, null, null);

    public static HubReply.Answered Refused(int status, string code, string more = "", TimeSpan? retryAfter = null) =>
        new(status, Encoding.UTF8.GetBytes($$"""{"error":"{{code}}","message":"No."{{more}}}"""), IsJson: true, code, "No.", retryAfter);

    public static HubReply.Answered Foreign(int status, string body = "<html>", TimeSpan? retryAfter = null) =>
        new(status, Encoding.UTF8.GetBytes(body), IsJson: false, null, null, retryAfter);
}
