using ActorSync.TestKit.Disk;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>Many recorded runs of the journal, many power cuts each.</summary>
public static class JournalSweep
{
    private const int Steps = 60;
    private const int ImagesARun = 2_000;

    /// <param name="images">How many in all.</param>
    /// <param name="syncsLog">False: commits are not synced, which is what <c>synchronous=NORMAL</c> means in WAL mode; the sweep must find something then.</param>
    public static string Run(int images, DirectoryRule rule, int seed, out int lost, bool syncsLog = true)
    {
        var sum = SweepReport.Empty;
        var runs = 0;
        for (var left = images; left > 0; left -= ImagesARun, runs++)
        {
            var run = JournalRun.Record(Steps, seed + runs);
            var log = syncsLog
                ? run.Log
                : run.Log.FindAll(static x =>
                    x is not DiskEvent.Sync { Name: var name } || !name.EndsWith("-wal", StringComparison.Ordinal)
                );
            sum = sum.Plus(
                PowerCutSweep.Run(
                    log,
                    rule,
                    Math.Min(left, ImagesARun),
                    seed + runs,
                    (disk, mark) => JournalImage.Verify(disk, run.Promises, mark)
                )
            );
        }

        lost = sum.Images - sum.Kept;
        return $"{(syncsLog ? "commits synced" : "commits not synced")}, {rule}, {runs} runs: {sum}";
    }

    /// <summary>Fails each of the first calls of a kind, once and several times in a row, then cuts the power.</summary>
    /// <returns>How many runs met the fault, and what each run that lost something was.</returns>
    public static (int Fired, IReadOnlyList<string> Bad) Fail(DiskCallKind kind, int code, int firstCalls)
    {
        var (fired, bad) = (0, new List<string>());
        foreach (var times in new[] { 1, 2, 5, 12 })
        {
            for (var k = 1; k <= firstCalls; k++)
            {
                var (verdict, met) = JournalRun.Fail(kind, k, code, times, seed: k);
                fired += met ? 1 : 0;
                if (verdict != ImageVerdict.Kept)
                {
                    bad.Add($"k={k} times={times}: {verdict}");
                }
            }
        }

        return (fired, bad);
    }
}
