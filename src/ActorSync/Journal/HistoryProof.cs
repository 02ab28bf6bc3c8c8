using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>Whether an answer to a push speaks of the history that this journal knows (WIRE rule l). Pure.</summary>
/// <remarks>
/// A hub that was put back may have answered before, or after, and what it said before is worth nothing. An answer counts when the request carried our
/// very pair, or when the chain of heads leads from our pair to the answer's over nothing but the batch's own operations. What is not proven is not
/// acked: it goes again under the same ids, with the pair of then.
/// </remarks>
internal static class HistoryProof
{
    public static bool Holds(PushBatch batch, PushResult result, in ClockRow row)
    {
        if (batch.HistoryEpoch != row.HistoryEpoch)
        {
            return false;
        }

        if (result.Head is null || row.HubHead is null || (batch.KnownId == row.HubLastId && batch.KnownHead == row.HubHead))
        {
            return true;
        }

        return result.LastId == row.HubLastId
            ? string.Equals(result.Head, row.HubHead, StringComparison.OrdinalIgnoreCase)
            : LeadsThere(batch, result, row);
    }

    /// <summary>The ids that the push was given, when they are one run up to the answer's last one; null when there are none or others between.</summary>
    public static (long First, int Count)? NewRun(PushResult result)
    {
        var (first, count) = (long.MaxValue, 0);
        foreach (var accepted in result.Accepted)
        {
            if (!accepted.Duplicate)
            {
                first = Math.Min(first, accepted.Id);
                count++;
            }
        }

        return count > 0 && first + count - 1 == result.LastId ? (first, count) : null;
    }

    private static bool LeadsThere(PushBatch batch, PushResult result, in ClockRow row)
    {
        if (NewRun(result) is not var (first, count) || first != row.HubLastId + 1)
        {
            return false;
        }

        var links = new (OperationId Id, long Lamport)[count];
        foreach (ref readonly var accepted in result.Accepted.AsSpan())
        {
            if (!accepted.Duplicate && accepted.Id - first is var at && at < count)
            {
                links[at] = (batch.IdAt(accepted.Index), accepted.Lamport);
            }
        }

        Span<byte> head = stackalloc byte[HeadChain.Bytes];
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        if (!HeadChain.TryParse(row.HubHead, head))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            links[i].Id.WriteTo(id);
            HeadChain.Next(head, first + i, id, links[i].Lamport, head);
        }

        return string.Equals(HeadChain.ToHex(head), result.Head, StringComparison.OrdinalIgnoreCase);
    }
}
