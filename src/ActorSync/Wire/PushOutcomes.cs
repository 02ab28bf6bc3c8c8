using System.Text.Unicode;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Reads what came of a push. It never throws for what an answer holds, and it names nothing that the answer does not name.</summary>
/// <remarks>Indexes in a result are those of the whole batch, ascending, whichever part of it was sent.</remarks>
internal static class PushOutcomes
{
    /// <summary>For rows [from, from + count) of the batch, as <see cref="PushBatch.BodyOf(int, int)"/> made the body.</summary>
    public static PushOutcome Read(HubReply reply, PushBatch batch, int from, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, batch.Count - from);
        return Read(reply, new SentRows(batch, from, count));
    }

    /// <summary>For chosen rows, in the order sent, each once, as <see cref="PushBatch.BodyOf(ReadOnlySpan{int})"/> made the body.</summary>
    public static PushOutcome Read(HubReply reply, PushBatch batch, ReadOnlySpan<int> indexes) => Read(reply, new SentRows(batch, indexes));

    private static PushOutcome Read(HubReply reply, SentRows sent) =>
        reply switch
        {
            HubReply.Failed failed => new PushOutcome.Failed(failed.Failure),
            HubReply.Answered { Status: 200, IsJson: true } answer => ReadNamed(answer, sent),
            HubReply.Answered { Status: 400 or 422 } answer => new PushOutcome.RefusedWhole(
                answer.Status,
                answer.Error ?? $"http_{answer.Status}",
                answer.Message ?? AnswerClassifier.Classify(answer).Message
            ),
            HubReply.Answered { Status: 413 } answer => new PushOutcome.TooLarge(answer.Message ?? "the request is too large (HTTP 413)"),
            HubReply.Answered { Status: 415 } => new PushOutcome.EncodingRefused(),
            HubReply.Answered { Status: 401 or 403 } answer => ReadRefusal(answer),
            HubReply.Answered { Status: 409, Error: HubCodes.LamportRegression } answer => ReadRegression(answer),
            HubReply.Answered { Status: 410, Error: HubCodes.ResyncRequired } answer => ReadResync(answer),
            HubReply.Answered answer => Failed(answer),
            _ => throw new InvalidOperationException($"unknown reply {reply.GetType().Name}"),
        };

    private static PushOutcome.Failed Failed(HubReply.Answered answer) => new(AnswerClassifier.Classify(answer));

    private static PushOutcome.Failed Unexpected(string detail) => new(Failures.Make("unexpected_answer", detail));

    private static PushOutcome ReadNamed(HubReply.Answered answer, SentRows sent)
    {
        // The JSON reader lets broken UTF-8 pass inside strings that nobody asks for.
        if (!Utf8.IsValid(answer.Body.Span))
        {
            return Unexpected("HTTP 200 that is no UTF-8");
        }

        try
        {
            var reader = new PushAnswerReader(sent);
            return reader.Read(answer.Body.Span) is { } fault ? Unexpected(fault) : new PushOutcome.Named(reader.Result());
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return Unexpected($"HTTP 200, {error.Message}");
        }
    }

    private static PushOutcome ReadRefusal(HubReply.Answered answer) =>
        answer.Error is { } code && (HubCodes.IsInvalidCredential(answer.Status, code) || HubCodes.IsForbidden(answer.Status, code))
            ? new PushOutcome.AuthRefused(answer.Status, code, answer.Message ?? "")
            : Failed(answer);

    private static PushOutcome ReadRegression(HubReply.Answered answer)
    {
        try
        {
            using var json = WireJson.Parse(answer.Body);
            var root = json.RootElement;
            return root.Whole("stored_max") is >= 0 and <= OperationRules.MaxLamport and var storedMax
                ? new PushOutcome.Regression(storedMax, root.Whole("offending_lamport_ts"))
                : Unexpected("409 lamport_regression without a usable stored_max");
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return Unexpected($"409 lamport_regression, {error.Message}");
        }
    }

    private static PushOutcome ReadResync(HubReply.Answered answer)
    {
        try
        {
            using var json = WireJson.Parse(answer.Body);
            return new PushOutcome.ResyncRequired(RemoteText.Clean(json.RootElement.Text("reason") ?? "unknown", 64));
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return Unexpected($"410 resync_required, {error.Message}");
        }
    }
}
