using ActorSync.TestKit.Disk;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>Many recorded runs of the journal, many power cuts each.</summary>
public static class JournalSweep
{
    private const int Steps = 60;
    private const int ImagesARun = 2_000;

    /// <param name="images">How many in all.</param>
    /// <param name="synchronous">EXTRA as shipped, or less to see the sweep find something.</param>
    public static string Run(int images, DirectoryRule rule, int seed, out int lost, string synchronous = "EXTRA")
    {
        var sum = SweepReport.Empty;
        var runs = 0;
        for (var left = images; left > 0; left -= ImagesARun, runs++)
        {
            var run = JournalRun.Record(synchronous, Steps, seed + runs);
            sum = sum.Plus(
                PowerCutSweep.Run(
                    run.Log,
                    rule,
                    Math.Min(left, ImagesARun),
                    seed + runs,
                    (disk, mark) => JournalImage.Verify(disk, run.Promises, mark)
                )
            );
        }

        lost = sum.Images - sum.Kept;
        return $"synchronous={synchronous}, {rule}, {runs} runs: {sum}";
    }
}
