using ActorSync.TestKit;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.TestKit;

public sealed class ProbeTests : IDisposable
{
    private readonly World _world = new(seed: 3);

    [Fact]
    public void Expect_runs_the_world_until_the_message_is_there()
    {
        var probe = _world.Probe();
        _world.At(TimeSpan.FromSeconds(2), () => probe.Ref.Tell(42));
        probe.Expect<int>().ShouldBe(42);
        _world.Elapsed.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Expect_fails_on_another_message_on_none_and_when_it_does_not_fit()
    {
        var probe = _world.Probe();
        Should.Throw<ExpectationException>(() => probe.Expect<int>());
        probe.Ref.Tell("text");
        Should.Throw<ExpectationException>(() => probe.Expect<int>());
        probe.Ref.Tell(1);
        Should.Throw<ExpectationException>(() => probe.Expect<int>(x => x == 2));
    }

    [Fact]
    public void Expect_none_fails_when_something_comes_in_its_time()
    {
        var probe = _world.Probe();
        probe.ExpectNone(TimeSpan.FromHours(1));
        _world.At(TimeSpan.FromSeconds(2), () => probe.Ref.Tell(42));
        probe.ExpectNone(TimeSpan.FromSeconds(1));
        Should.Throw<ExpectationException>(() => probe.ExpectNone(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void A_stopped_actor_is_seen_and_a_living_one_is_not()
    {
        var probe = _world.Probe();
        var actor = _world.System.ActorOf(Props.Create(() => new Logs()));
        Should.Throw<ExpectationException>(() => probe.ExpectStopped(actor));
        actor.Tell(PoisonPill.Instance);
        probe.ExpectStopped(actor);
    }

    [Fact]
    public void An_autopilot_answers_and_leaves_the_rest()
    {
        var probe = _world
            .Probe()
            .Autopilot(
                (message, sender) =>
                {
                    sender.Tell("pong");
                    return message is "ping";
                }
            );
        var other = _world.Probe();
        other.Send(probe.Ref, "ping");
        other.Expect<string>().ShouldBe("pong");
        probe.Waiting.ShouldBe(0);
        probe.Received.Count.ShouldBe(1);
    }

    [Fact]
    public void Log_expectations_count_exactly()
    {
        var actor = _world.System.ActorOf(Props.Create(() => new Logs()));
        actor.Tell("disk full");
        actor.Tell("disk full");
        _world.Log.Expect(2, LogLevel.WarningLevel, "disk");
        Should.Throw<ExpectationException>(() => _world.Log.Expect(1, LogLevel.WarningLevel, "disk"));
        Should.Throw<ExpectationException>(() => _world.Log.Expect(1, LogLevel.ErrorLevel));
    }

    [Theory]
    [InlineData("it is {0} here")]
    [InlineData("Bearer {0}\"}}")]
    public void A_canary_is_found_plain_and_encoded(string frame)
    {
        var canary = Canary.Plant("token");
        var bytes = System.Text.Encoding.UTF8.GetBytes(canary.Secret);
        foreach (
            var form in new[]
            {
                canary.Secret,
                Convert.ToBase64String(bytes),
                Convert.ToHexString(bytes),
                Uri.EscapeDataString(canary.Secret),
            }
        )
        {
            Should.Throw<ExpectationException>(() =>
                canary.ShouldBeAbsentFrom(frame.Replace("{0}", form, StringComparison.Ordinal), "text")
            );
        }

        canary.ShouldBeAbsentFrom("nothing of it", "text");
    }

    public void Dispose() => _world.Dispose();

    private sealed class Logs : UntypedActor
    {
        protected override void OnReceive(object message) => Context.GetLogger().Warning("said: {0}", message);
    }
}
