using ActorSync.Host.Service;
using ActorSync.Runtime;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class RuntimeWatchTests
{
    [Fact]
    public async Task A_runtime_that_has_failed_for_good_ends_the_host()
    {
        using var system = ActorSystem.Create("watched");
        var failure = RuntimeWatch.FailureOf(system);
        await system.ActorSelection("/user/host-watch").ResolveOne(TimeSpan.FromSeconds(10));

        system.EventStream.Publish(new RuntimeProtocol.RuntimeFailed("default", "the file is damaged", "restore it"));

        (await failure.WaitAsync(TimeSpan.FromSeconds(10))).Component.ShouldBe("default");
    }
}
