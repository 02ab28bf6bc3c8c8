namespace ActorSync.Host.Control;

/// <summary>What can be asked about values that were overwritten.</summary>
internal static class ConflictCalls
{
    public static readonly ControlCall<ConflictsAsk, ConflictsAnswer> List = new(
        "conflicts",
        HostJson.Default.ConflictsAsk,
        HostJson.Default.ConflictsAnswer,
        static async (profile, ask, cancellation) =>
        {
            var found = await profile.ListConflictsAsync(ask.BelowId ?? long.MaxValue, Math.Min(ask.Limit, 1000), cancellation);
            var hasMore = !found.IsEmpty && !(await profile.ListConflictsAsync(found[^1].Id, 1, cancellation)).IsEmpty;
            return new ConflictsAnswer([.. found.Select(ConflictDocument.Of)], hasMore);
        }
    );
}
