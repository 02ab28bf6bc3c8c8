namespace ActorSync.Pull;

/// <summary>What the puller keeps from pass to pass.</summary>
internal sealed class PullMemory
{
    private long _turns;

    /// <summary>How far the hub was told that we have read, and which hub and account that was.</summary>
    public (string? Binding, long Position) Acked { get; set; }

    /// <summary>What the hub refused to be told was offered again in this run.</summary>
    public bool Offered { get; set; }

    public long NextTurn() => ++_turns;
}
