using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Wire;

namespace ActorSync.Drain;

/// <summary>What a pass has come to so far, and what that allows. Pure.</summary>
internal sealed record PassTally
{
    /// <summary>Two shifts within one pass are a hub that cannot be satisfied.</summary>
    public const int MaxRecoveries = 2;

    public int Batches { get; init; }

    public long Accepted { get; init; }

    public long Duplicate { get; init; }

    public long Rejected { get; init; }

    /// <summary>Dead letters of this pass; the operations parked behind them are not counted.</summary>
    public int Dead { get; init; }

    public int Recoveries { get; init; }

    /// <summary>Operations that the hub refused alone, while nothing else of the pass was accepted: it may be the hub that is wrong.</summary>
    public ImmutableList<Suspect> Suspects { get; init; } = [];

    public bool AnythingAccepted => Accepted > 0;

    public PassTally With(PushResult result)
    {
        var duplicates = result.Accepted.Count(row => row.Duplicate);
        return this with
        {
            Accepted = Accepted + result.Accepted.Length,
            Duplicate = Duplicate + duplicates,
            Rejected = Rejected + result.Rejected.Length,
            Dead = Dead + result.Rejected.Count(row => row.Error != PushErrors.Blocked),
        };
    }

    public PassTally With(Suspect suspect) => this with { Suspects = Suspects.Add(suspect) };

    /// <summary>The suspects are dead letters now.</summary>
    public PassTally Convicted() => this with { Dead = Dead + Suspects.Count, Rejected = Rejected + Suspects.Count, Suspects = [] };

    public bool Over(int deadLettersPerPass) => Dead + Suspects.Count > deadLettersPerPass;
}

/// <summary>One operation that was refused alone.</summary>
internal sealed record Suspect(PushBatch Batch, int Row, string Code, string Message)
{
    public PushResult Conviction => new([], [new PushResult.RejectedOp(Row, Code, Message, By: null)], 0, 0, null, null);
}

/// <summary>Codes of single operations that decide something here.</summary>
internal static class PushErrors
{
    public const string Blocked = "blocked";
    public const string TooLarge = "too_large";
}
