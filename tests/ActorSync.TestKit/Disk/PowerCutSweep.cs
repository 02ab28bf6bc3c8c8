namespace ActorSync.TestKit.Disk;

/// <summary>What an image turned out to hold.</summary>
internal enum ImageVerdict
{
    /// <summary>Everything promised by the time of the cut, and nothing half done.</summary>
    Kept,

    /// <summary>Readable, but something promised is missing.</summary>
    Lost,

    /// <summary>A transaction is there in part.</summary>
    Torn,

    /// <summary>It cannot be opened, or its integrity check fails.</summary>
    Unreadable,
}

/// <summary>Cuts the power at every place of a recorded run, many times, and looks at what is left.</summary>
internal static class PowerCutSweep
{
    /// <param name="log">What <see cref="CrashDisk.Log"/> recorded; cuts begin behind its first mark.</param>
    /// <param name="verify">Opens the image and judges it against the promise in force at the cut. Called from several threads.</param>
    public static SweepReport Run(
        IReadOnlyList<DiskEvent> log,
        DirectoryRule rule,
        int images,
        int seed,
        Func<CrashDisk, long, ImageVerdict> verify,
        int threads = 2
    )
    {
        var parts = new SweepReport[threads];
        var workers = Enumerable
            .Range(0, threads)
            .Select(part =>
            {
                var worker = new Thread(() => parts[part] = Part(log, rule, images, seed, verify, part, threads)) { IsBackground = true };
                worker.Start();
                return worker;
            })
            .ToList();
        workers.ForEach(static worker => worker.Join());
        return parts.Aggregate(SweepReport.Empty, static (sum, part) => sum.Plus(part));
    }

    /// <summary>The image of one number again, for a closer look.</summary>
    public static CrashDisk Image(IReadOnlyList<DiskEvent> log, DirectoryRule rule, int images, int seed, int number)
    {
        var model = new DiskModel(rule);
        foreach (var happened in log.Take(PositionOf(number, FirstMark(log), log.Count, images)))
        {
            model.Apply(happened);
        }

        return new CrashDisk(rule, 0, model.Cut(new Random(Node.HashCode(seed, number, 4))));
    }

    private static SweepReport Part(
        IReadOnlyList<DiskEvent> log,
        DirectoryRule rule,
        int images,
        int seed,
        Func<CrashDisk, long, ImageVerdict> verify,
        int part,
        int parts
    )
    {
        var report = SweepReport.Empty;
        var model = new DiskModel(rule);
        var (position, promised, first) = (0, -1L, FirstMark(log));
        for (var number = part; number < images; number += parts)
        {
            for (var upTo = PositionOf(number, first, log.Count, images); position < upTo; position++)
            {
                model.Apply(log[position]);
                promised = log[position] is DiskEvent.Mark mark ? mark.Promised : promised;
            }

            using var disk = new CrashDisk(rule, 0, model.Cut(new Random(Node.HashCode(seed, number, 4))));
            report = report.Plus(verify(disk, promised), number);
        }

        return report;
    }

    private static int FirstMark(IReadOnlyList<DiskEvent> log) => log.TakeWhile(static x => x is not DiskEvent.Mark).Count();

    private static int PositionOf(int number, int first, int count, int images) =>
        first + 1 + (int)((long)number * (count - first) / images);
}

/// <param name="Kept">How many images held all that was promised.</param>
/// <param name="FirstBad">The number of the first image that did not; -1 for none.</param>
internal sealed record SweepReport(int Kept, int Lost, int Torn, int Unreadable, int FirstBad)
{
    public static readonly SweepReport Empty = new(0, 0, 0, 0, -1);

    public int Images => Kept + Lost + Torn + Unreadable;

    public SweepReport Plus(ImageVerdict verdict, int number) =>
        verdict switch
        {
            ImageVerdict.Kept => this with { Kept = Kept + 1 },
            ImageVerdict.Lost => this with { Lost = Lost + 1, FirstBad = First(FirstBad, number) },
            ImageVerdict.Torn => this with { Torn = Torn + 1, FirstBad = First(FirstBad, number) },
            _ => this with { Unreadable = Unreadable + 1, FirstBad = First(FirstBad, number) },
        };

    public SweepReport Plus(SweepReport other) =>
        new(Kept + other.Kept, Lost + other.Lost, Torn + other.Torn, Unreadable + other.Unreadable, First(FirstBad, other.FirstBad));

    public override string ToString() =>
        $"{Images} images: {Kept} kept, {Lost} lost, {Torn} torn, {Unreadable} unreadable"
        + (FirstBad < 0 ? "" : $", first bad {FirstBad}");

    private static int First(int one, int other) => one < 0 || (other >= 0 && other < one) ? other : one;
}
