using System.Globalization;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Journal;

/// <summary>SIGKILL of a real process that writes a journal, at any point; several lives on one file. ACTORSYNC_KILLS sets how many of each kind.</summary>
public sealed class KillTests : IDisposable
{
    private const int LivesOfAFile = 10;
    private const int AtOnce = 2;

    private static readonly int Kills = int.TryParse(
        Environment.GetEnvironmentVariable("ACTORSYNC_KILLS"),
        CultureInfo.InvariantCulture,
        out var kills
    )
        ? kills
        : 200;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-kill-");

    [Fact]
    [Trait("criterion", "Q1")]
    [Trait("criterion", "Q3")]
    public Task What_was_accepted_before_a_kill_is_there_once_with_its_stamp() => RunAsync("enqueue", Kills, mostLines: 1500);

    [Fact]
    [Trait("criterion", "Q1")]
    [Trait("criterion", "D19")]
    public Task A_kill_while_answers_are_booked_loses_and_doubles_nothing() => RunAsync("drain", Kills / 5, mostLines: 600);

    [Fact]
    [Trait("criterion", "D7")]
    [Trait("criterion", "Q13")]
    public Task A_kill_within_a_shift_of_stamps_leaves_one_whole_shift() => RunAsync("shift", Kills / 5, mostLines: 900);

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task RunAsync(string what, int kills, int mostLines)
    {
        var files = (kills + LivesOfAFile - 1) / LivesOfAFile;
        var journals = new KilledJournal[files];
        await Parallel.ForAsync(
            0,
            files,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (file, _) =>
            {
                var path = Path.Combine(_folder.FullName, $"{what}-{file}.db");
                journals[file] = new KilledJournal(path);
                for (var life = 0; life < LivesOfAFile; life++)
                {
                    await LiveAsync(journals[file], path, what, (file * 1000) + life, mostLines);
                }
            }
        );
        journals.Sum(journal => journal.Accepted).ShouldBeGreaterThan(kills * 20, "the kills met work");
        (what != "drain" || journals.Sum(journal => journal.Acked) > kills * 5).ShouldBeTrue();
    }

    private static async Task LiveAsync(KilledJournal journal, string path, string what, int seed, int mostLines)
    {
        // A few at once, before and while the file is opened; most of them anywhere within the work.
        var random = new Random(seed);
        var lines = random.Next(8) == 0 ? 1 + random.Next(2) : 3 + random.Next(mostLines);
        using var process = new KillWriterProcess(path, what, seed);
        try
        {
            journal.Take(await process.KillAfterAsync(lines));
            journal.ShouldBeWhole(shifted: what == "shift");
        }
        catch (Exception failure)
        {
            throw new KillException($"{what}, seed {seed}, killed after {lines} lines: {failure.Message}", failure);
        }
    }

    private sealed class KillException(string message, Exception inner) : Exception(message, inner);
}
