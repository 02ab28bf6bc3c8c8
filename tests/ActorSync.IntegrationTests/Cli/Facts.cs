namespace ActorSync.IntegrationTests.Cli;

/// <summary>Waits for something that another process does.</summary>
internal static class Facts
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> holds)
    {
        using var over = new CancellationTokenSource(Patience);
        using var look = new PeriodicTimer(LookEvery);
        while (!holds())
        {
            await look.WaitForNextTickAsync(over.Token);
        }
    }
}
