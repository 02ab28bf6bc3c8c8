using ActorSync.Events;
using ActorSync.TestKit;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Events;

public sealed class EventFeedTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly EventFeed _feed = new(new StillTime(), asynchronousContinuations: false);

    [Fact]
    [Trait("criterion", "A9")]
    public void A_late_subscriber_hears_the_current_state_first_and_nothing_of_what_is_over()
    {
        Publish(Resumed());
        Publish(Changed(new AccountBinding(new Uri("https://hub.test"), "ada", null)));
        Publish(Paused("token_revoked"));
        Publish(Changed(null));
        Publish(new LaneFailed("default", At, "bulk", "code", "text", "remedy"));
        using var late = new Listener(_feed);

        late.Heard.ShouldBe([Paused("token_revoked"), Changed(null)]);
        Publish(Resumed());
        late.Heard[^1].ShouldBe(Resumed());
    }

    [Fact]
    public void Each_subscriber_hears_everything_of_every_profile_in_order()
    {
        using var one = new Listener(_feed);
        using var two = new Listener(_feed);
        SyncEvent[] said = [Resumed(), Changed(null), Paused("sync_disabled"), new RuntimeFailed(At, "profiles", "boom", "start again")];
        Array.ForEach(said, Publish);
        OnThisThread(_feed.Complete);

        one.Heard.ShouldBe(said);
        two.Heard.ShouldBe(said);
        one.Ended.ShouldBeTrue();
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_holds_up_nobody_and_is_told_how_much_it_missed_and_how_things_stand()
    {
        await using var slow = _feed.ReadAsync().GetAsyncEnumerator();
        Publish(Resumed());
        (await slow.MoveNextAsync()).ShouldBeTrue();
        using var quick = new Listener(_feed);

        for (var i = 0; i < EventFeed.Capacity + 100; i++)
        {
            Publish(Paused($"code{i}"));
        }

        quick.Heard.Count.ShouldBe(1 + EventFeed.Capacity + 100);
        var heard = new List<SyncEvent>();
        while (heard is not [.., SyncPaused { Code: "code355" }])
        {
            (await slow.MoveNextAsync()).ShouldBeTrue();
            heard.Add(slow.Current);
        }

        heard.Count.ShouldBe(EventFeed.Capacity + 2);
        heard[^2].ShouldBeOfType<Missed>().Count.ShouldBe(100);
    }

    [Fact]
    public async Task A_subscriber_may_go_at_any_time()
    {
        using var stop = new CancellationTokenSource();
        var going = _feed.ReadAsync(stop.Token).GetAsyncEnumerator();
        var next = going.MoveNextAsync();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () => await next);

        Publish(Resumed());
        OnThisThread(_feed.Complete);
        using var late = new Listener(_feed);
        late.Ended.ShouldBeTrue();
    }

    private void Publish(SyncEvent said) => OnThisThread(() => _feed.Publish(said));

    // The test framework's context would carry a listener's awaits to other threads.
    private static void OnThisThread(Action action)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        action();
        SynchronizationContext.SetSynchronizationContext(context);
    }

    private static SyncResumed Resumed() => new("default", At);

    private static SyncPaused Paused(string code) => new("default", At, code, "text", null);

    private static ConfigChanged Changed(AccountBinding? binding) => new("default", At, binding, "hybrid", null);
}

/// <summary>Reads all that comes, on the publisher's thread.</summary>
internal sealed class Listener : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public Listener(EventFeed feed) => _ = ReadAsync(feed);

    public List<SyncEvent> Heard { get; } = [];

    public bool Ended { get; private set; }

    public void Dispose() => _stop.Cancel();

    private async Task ReadAsync(EventFeed feed)
    {
        await foreach (var said in feed.ReadAsync(_stop.Token).ConfigureAwait(false))
        {
            Heard.Add(said);
        }

        Ended = true;
    }
}
