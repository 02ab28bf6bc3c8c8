using System.Collections.Immutable;
using System.Text.Json;

namespace ActorSync.Host.Conformance;

internal sealed record AcceptedOp(string OperationId, long Id, long Stamp, bool Duplicate);

internal sealed record RejectedOp(int Index, string? OperationId, string Error, string? By);

internal sealed record PushReceipt(string Device, long HighestStamp, long Count);

/// <summary>An id of the log and the head there.</summary>
internal sealed record Pair(long Id, string Head);

/// <summary>The answer to a push that was taken.</summary>
internal sealed record Pushed(ImmutableArray<AcceptedOp> Accepted, ImmutableArray<RejectedOp> Rejected, Pair End, PushReceipt Receipt)
{
    public static Pushed Read(Answer answer)
    {
        var json = answer.Gives();
        var end = new Pair(json.Number("last_id"), json.Text("head"));
        Expect.Hex(end.Head, "head");
        var receipt = json.Member("receipt");
        return new Pushed(
            [.. json.Items("accepted").Select(Accept)],
            [.. json.Items("rejected").Select(Reject)],
            end,
            new PushReceipt(receipt.Text("device_id"), receipt.Number("highest_lamport"), receipt.Number("count"))
        );
    }

    /// <summary>The one operation that was accepted under this id.</summary>
    public AcceptedOp Of(string operationId)
    {
        var found = Accepted.Where(a => a.OperationId == operationId).ToArray();
        var refused = Rejected.FirstOrDefault(r => r.OperationId == operationId);
        Expect.That(
            found.Length == 1,
            $"operation {operationId} is {found.Length} times among the accepted"
                + (refused is null ? "" : $"; it was rejected: {refused.Error}")
        );
        return found[0];
    }

    /// <summary>The one rejection of this id, for this reason.</summary>
    public RejectedOp Refusal(string operationId, string code, string? by = null)
    {
        var found = Rejected.Where(r => r.OperationId == operationId).ToArray();
        Expect.That(found.Length == 1, $"operation {operationId} is {found.Length} times among the rejected, and should be {code}");
        Expect.Equal(code, found[0].Error, $"the error of operation {operationId}");
        Expect.Equal(by, found[0].By, $"'by' of operation {operationId}");
        Expect.That(Accepted.All(a => a.OperationId != operationId), $"operation {operationId} is both accepted and rejected");
        return found[0];
    }

    public Pushed AllAccepted(int count)
    {
        var first = Rejected.FirstOrDefault();
        Expect.That(Rejected.IsEmpty, $"expected no rejection; {first?.OperationId} was rejected: {first?.Error}");
        Expect.Equal(count, Accepted.Length, "the number of accepted operations");
        return this;
    }

    private static AcceptedOp Accept(JsonElement json) =>
        new(json.Text("operation_id"), json.Number("id"), json.Number("lamport_ts"), json.Truth("duplicate"));

    private static RejectedOp Reject(JsonElement json)
    {
        Expect.That(json.Text("message").Length > 0, "a rejection has no message");
        return new RejectedOp((int)json.Number("index"), json.TextOrNull("operation_id"), json.Text("error"), json.TextOrNull("by"));
    }
}
