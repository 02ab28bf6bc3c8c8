using ActorSync.Network;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Network;

public sealed class NetworkStateTests
{
    [Theory]
    [Trait("criterion", "D21")]
    [InlineData(1, 1, false)] // a look as any other
    [InlineData(9, 9, false)] // a busy machine
    [InlineData(1, -3600, false)] // somebody set the clock back
    [InlineData(1, 10, false)]
    [InlineData(1, 12, true)] // a clock that stands still in sleep
    [InlineData(1, 28_800, true)]
    [InlineData(12, 12, true)] // one that does not
    public void A_leap_of_either_clock_is_a_sleep(double steady, double wall, bool woke)
    {
        var start = new Moment(TimeSpan.FromHours(1), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var (first, fresh) = new NetworkState().Looked(start);
        fresh.ShouldBeFalse();

        var next = new Moment(start.Steady + TimeSpan.FromSeconds(steady), start.Wall + TimeSpan.FromSeconds(wall));
        first.Looked(next).Woke.ShouldBe(woke);
    }

    [Fact]
    public void A_name_is_asked_for_only_while_somebody_lacks_it()
    {
        var state = new NetworkState { Host = "hub.example" };
        state.Missing.ShouldBeNull();
        (state with { Bulk = true }).Missing.ShouldBe("hub.example");
        (state with { Host = null, Bulk = true }).Missing.ShouldBeNull("an address needs no name");
    }
}
