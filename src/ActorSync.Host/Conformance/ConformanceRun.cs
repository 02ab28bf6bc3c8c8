using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ActorSync.Host.Conformance.Checks;
using ActorSync.Platform;

namespace ActorSync.Host.Conformance;

/// <param name="Result">passed, failed or skipped.</param>
/// <param name="Reason">Null when it passed.</param>
internal sealed record CheckResult(string Id, string Rule, string Title, string Result, string? Reason);

/// <param name="Version">What the hub says it is; null when it does not say.</param>
/// <param name="Protocol">The version of the protocol that it says it speaks.</param>
internal sealed record ConformanceReport(
    string Hub,
    string? Version,
    long? Protocol,
    int Passed,
    int Failed,
    int Skipped,
    ImmutableArray<CheckResult> Checks
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConformanceReport))]
internal sealed partial class ConformanceJson : JsonSerializerContext;

/// <summary>Runs the table against one hub.</summary>
internal static class ConformanceRun
{
    /// <summary>So many checks in a row without an answer, and the hub is taken to be gone.</summary>
    private const int MostSilent = 3;

    /// <exception cref="SyncException"><c>hub_unreachable</c>: no hub answers there. <c>not_signed_in</c>, <c>paused</c>: it does not take the token.</exception>
    public static async Task<ConformanceReport> RunAsync(
        ConformanceInput input,
        TimeProvider time,
        IChance chance,
        Action<CheckResult>? progress,
        CancellationToken stop
    )
    {
        using var way = new HubWay(input.Hub, time, chance, stop);
        var session = new Session(input, way);
        var (version, protocol) = await OpenAsync(session);
        var results = ImmutableArray.CreateBuilder<CheckResult>();
        var silent = 0;
        try
        {
            foreach (var check in Select(input.Only))
            {
                stop.ThrowIfCancellationRequested();
                var result =
                    silent < MostSilent
                        ? await RunAsync(check, session)
                        : new CheckResult(check.Id, check.Rule, check.Title, "skipped", "the hub answers no more");
                silent = result.Reason?.StartsWith(NoAnswer, StringComparison.Ordinal) == true ? silent + 1 : Math.Min(silent, MostSilent);
                silent = result.Result == "passed" ? 0 : silent;
                results.Add(result);
                progress?.Invoke(result);
            }
        }
        finally
        {
            await LeaveAsync(session);
        }

        return new ConformanceReport(
            input.Hub.AbsoluteUri,
            version,
            protocol,
            results.Count(r => r.Result == "passed"),
            results.Count(r => r.Result == "failed"),
            results.Count(r => r.Result == "skipped"),
            results.ToImmutable()
        );
    }

    private const string NoAnswer = "no answer: ";

    /// <summary>The checks whose ids begin so; all when nothing is said.</summary>
    public static IEnumerable<Check> Select(IReadOnlyList<string> only) =>
        CheckTable.All.Where(check => only.Count == 0 || only.Any(o => check.Id.StartsWith(o, StringComparison.Ordinal)));

    private static async Task<CheckResult> RunAsync(Check check, Session session)
    {
        try
        {
            await check.Run(session);
            return new CheckResult(check.Id, check.Rule, check.Title, "passed", null);
        }
        catch (CheckFailedException failed)
        {
            return new CheckResult(check.Id, check.Rule, check.Title, "failed", failed.Message);
        }
        catch (CheckSkippedException skipped)
        {
            return new CheckResult(check.Id, check.Rule, check.Title, "skipped", skipped.Message);
        }
        catch (HubSilentException silent)
        {
            return new CheckResult(check.Id, check.Rule, check.Title, "failed", NoAnswer + silent.Message);
        }
    }

    private static async Task<(string? Version, long? Protocol)> OpenAsync(Session session)
    {
        try
        {
            var health = await session.Nobody.GetAsync("/health");
            foreach (var path in new[] { "/v1/auth/me", $"{TestDevice.OpsPath}?since=0&limit=1" })
            {
                var answer = await new HubCaller(session.Way, session.Input.Token).GetAsync(path);
                if (answer.Status is 401 or 403 && answer.EnvelopeFault() is null)
                {
                    throw new SyncException(
                        "not_signed_in",
                        $"the hub refuses the token: {answer.Json.Text("error")}",
                        "give --token one that it takes"
                    );
                }
            }

            await session.OpenAsync();
            return Identity(health);
        }
        catch (HubSilentException silent)
        {
            throw new SyncException(
                "hub_unreachable",
                $"{session.Way.Hub} does not answer: {silent.Message}",
                "check the address and that the hub runs",
                silent
            );
        }
        catch (CheckFailedException failed)
        {
            throw new SyncException(
                "not_a_hub",
                $"{session.Way.Hub} does not let a client begin: {failed.Message}",
                "check that a hub of this protocol is at that address, and that the token's account may sync",
                failed
            );
        }
    }

    private static (string?, long?) Identity(Answer health)
    {
        try
        {
            var json = health.Gives();
            return (json.Text("version"), json.Number("protocol"));
        }
        catch (CheckFailedException)
        {
            // A check of its own says what is wrong with it.
            return (null, null);
        }
    }

    private static async Task LeaveAsync(Session session)
    {
        try
        {
            await session.LeaveAsync();
        }
        catch (Exception e) when (e is HubSilentException or OperationCanceledException)
        {
            // The device stays in the account's list; its tokens end by themselves.
        }
    }
}
