using System.Globalization;
using Xunit;

namespace ActorSync.Tests.Journal.Model;

/// <summary>Thousands of short random programs. A failure prints its seed; ACTORSYNC_MODEL_SEED runs that one alone.</summary>
public sealed class JournalModelTests
{
    private static readonly int Programs = Number("ACTORSYNC_MODEL_PROGRAMS") ?? 500;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("criterion", "Q6")]
    [Trait("criterion", "D4")]
    [Trait("criterion", "D7")]
    [Trait("criterion", "D16")]
    [Trait("criterion", "D19")]
    public void The_journal_does_what_the_model_says(int part)
    {
        if (Number("ACTORSYNC_MODEL_SEED") is { } one)
        {
            Run(one, 40);
            return;
        }

        for (var i = 0; i < Programs; i++)
        {
            Run((part * 1_000_000) + i, 5 + (i % 40));
        }
    }

    private static void Run(int seed, int rounds)
    {
        var program = new JournalProgram(seed);
        try
        {
            program.Run(rounds);
        }
        catch (Exception failure)
        {
            throw new ModelException($"seed {seed}, {rounds} rounds: {failure.Message}\n{string.Join('\n', program.Trace)}\n", failure);
        }
        finally
        {
            program.Dispose();
        }
    }

    private static int? Number(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;

    private sealed class ModelException(string message, Exception inner) : Exception(message, inner);
}
