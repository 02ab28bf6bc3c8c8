using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.Wire;

namespace ActorSync.Status;

/// <summary>Names one of a closed list of causes for any operation. Pure.</summary>
internal static class Explainer
{
    public static Explanation Explain(JournalRow row, StatusModel model)
    {
        var id = row.OperationId;
        return row.State switch
        {
            RowState.Acked => new Explanation(id, "delivered", "delivered", "the hub holds it", null, null, row.Attempts),
            RowState.Dead => new Explanation(
                id,
                "dead",
                "refused",
                "the hub refuses it; retry or discard it (actorsync dead)",
                null,
                row.LastError,
                row.Attempts
            ),
            RowState.Parked => new Explanation(
                id,
                "parked",
                "blocked",
                row.BlockedBy is { } by ? $"it waits behind dead letter {by} of the same entity" : "it was set aside",
                null,
                row.LastError,
                row.Attempts
            ),
            _ => Pending(row, model),
        };
    }

    public static Explanation NotHere(OperationId id, HubResult<HubOperation?>? hub, string? notAsked) =>
        hub switch
        {
            HubResult<HubOperation?>.Value { Content: { } found } => new Explanation(
                id,
                "delivered",
                "delivered",
                $"the hub holds it as number {found.Id} with stamp {found.Lamport}",
                null,
                null,
                0
            ),
            HubResult<HubOperation?>.Value => new Explanation(
                id,
                "unknown",
                "not_here",
                "neither the journal nor the hub has it",
                null,
                null,
                0
            ),
            HubResult<HubOperation?>.Refused refused => Unasked(id, refused.Message),
            HubResult<HubOperation?>.Failed(var failure) => Unasked(id, failure.Message),
            _ => Unasked(id, notAsked ?? "not signed in"),
        };

    private static Explanation Unasked(OperationId id, string why) =>
        new(id, "unknown", "not_here", $"the journal does not hold it, and the hub could not be asked: {why}", null, null, 0);

    private static Explanation Pending(JournalRow row, StatusModel model)
    {
        var lane = model[row.Lane];
        if (lane.Report?.InFlight is { } batch && Find(batch, row) is { } inFlight)
        {
            return inFlight
                ? Because(row, "in_flight", "next_pass", "it is on its way to the hub", null)
                : Because(row, "pending", "waits_for_older", "an older operation of the same entity goes first", null);
        }

        if (model.JournalError is { } journal)
        {
            return Because(row, "pending", "backoff", $"the journal is unavailable: {journal}", model.JournalNextTry);
        }

        if (model.Sync?.Gate is Gate.Closed gate)
        {
            return Because(row, "pending", CauseOf(gate.Reason), gate.Text, gate.NextTry);
        }

        if (lane is { Error: { } error, NextTry: { } next })
        {
            return Because(row, "pending", "backoff", error.Message, next.Wall);
        }

        return Because(row, "pending", "next_pass", "it goes with the next pass", null);
    }

    private static Explanation Because(JournalRow row, string where, string cause, string text, DateTimeOffset? nextTry) =>
        new(row.OperationId, where, cause, text, nextTry, row.LastError, row.Attempts);

    /// <summary>True: in it; false: passed over by it; null: not reached yet.</summary>
    private static bool? Find(PushBatch batch, JournalRow row)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.IdAt(i) == row.OperationId)
            {
                return true;
            }
        }

        return row.Seq < batch.Rows[^1].Seq ? false : null;
    }

    private static string CauseOf(GateReason reason) =>
        reason switch
        {
            GateReason.Local => "local_mode",
            GateReason.NoServer => "no_server",
            GateReason.NoCredential => "no_credential",
            GateReason.Paused => "paused",
            _ => "backoff",
        };
}
