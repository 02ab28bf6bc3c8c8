using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What holds for every answer that the run has seen.</summary>
internal static class RunChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new(
            "run.envelope",
            "Basics: an answer that reports an error",
            "Every error was in the envelope, as application/json",
            EnvelopeAsync
        ),
        new(
            "run.request_id",
            "Basics: X-Request-Id",
            "Every answer had a request id, the caller's own where it gave a fit one",
            RequestIdAsync
        ),
        new("run.no_redirect", "Basics; Signing in: GET /authorize", "No answer but the page for people was a redirect", NoRedirectAsync),
        new(
            "run.no_fault_of_the_hub",
            "Basics: the status says whose fault it is",
            "No mistake of a caller was answered 5xx",
            NoHubFaultAsync
        ),
        new("run.retry_after", "Error codes: with Retry-After", "Every 429 and 503 had a Retry-After", RetryAfterAsync),
    ];

    private static Task EnvelopeAsync(Session s) => None(s.Way.Answers.Select(a => a.EnvelopeFault()));

    private static Task RequestIdAsync(Session s) =>
        None(
            from answer in s.Way.Answers
            let id = answer.Header("x-request-id")
            where
                string.IsNullOrEmpty(id)
                || (answer.RequestId?.StartsWith("conformance-", StringComparison.Ordinal) == true && id != answer.RequestId)
            select $"{answer.Call} with X-Request-Id '{answer.RequestId}' was answered with '{id}'"
        );

    private static Task NoRedirectAsync(Session s) =>
        None(
            from answer in s.Way.Answers
            where answer.Status is >= 300 and < 400 && !answer.IsPage
            select $"{answer.Call} was answered {answer.Status}"
        );

    private static Task NoHubFaultAsync(Session s) =>
        None(
            from answer in s.Way.Answers
            where answer.Status >= 500 && answer.Status != 503
            select $"{answer.Call} was answered {answer.Status} {answer.Excerpt()}"
        );

    private static Task RetryAfterAsync(Session s) =>
        None(
            from answer in s.Way.Answers
            where answer.Status is 429 or 503 && answer.Header("retry-after") is null
            select $"{answer.Call} was answered {answer.Status} without Retry-After"
        );

    private static Task None(IEnumerable<string?> faults)
    {
        var found = faults.Where(f => f is not null).ToArray();
        Expect.That(found.Length == 0, $"{found.Length} answers; the first: {found.FirstOrDefault()}");
        return Task.CompletedTask;
    }
}
