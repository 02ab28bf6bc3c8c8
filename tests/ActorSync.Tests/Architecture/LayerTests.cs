using System.Reflection;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Architecture;

public class LayerTests
{
    private static readonly Assembly Runtime = typeof(SyncRuntime).Assembly;
    private static readonly Assembly Hub = Assembly.Load("ActorSync.Hub");

    [Fact]
    public void Nobody_looks_up() => Layers.Violations(TypeUses.Written(Runtime)).ShouldBeEmpty();

    [Fact]
    public void The_hub_shares_model_wire_and_platform_only() =>
        Layers
            .HubViolations(TypeUses.Written(Hub), Runtime)
            .Concat(Hub.GetReferencedAssemblies().Where(name => name.Name == "Akka").Select(_ => "the hub refers to Akka"))
            .ShouldBeEmpty();

    [Theory]
    [InlineData(typeof(Planted.Model.LooksAtAProtocol), "the model knows nothing else")]
    [InlineData(typeof(Planted.Drain.LooksAtAStateProtocol), "what is said does not know how it is decided")]
    [InlineData(typeof(Planted.Drain.LooksAtAnActorState), "Actor stands above")]
    [InlineData(typeof(Planted.Drain.ReadsTheClockState), "a state is pure")]
    [InlineData(typeof(Planted.Drain.ReadsAFileState), "a state is pure")]
    [InlineData(typeof(Planted.Drain.LooksAtTheRuntimeActor), "Runtime stands above")]
    [InlineData(typeof(Planted.Drain.HidesTheActorInALambda), "Actor stands above")]
    [InlineData(typeof(Planted.Runtime.LooksAtHosting), "Facade stands above")]
    [InlineData(typeof(Planted.Wire.LooksAtAkka), "the hub has no actors")]
    public void A_planted_violation_is_found(Type planted, string why) =>
        Layers.Violations([planted]).ShouldContain(line => line.Contains(why));

    [Fact]
    public void A_planted_violation_of_the_hub_is_found() =>
        Layers.HubViolations([typeof(Planted.LooksAtTheJournal)], Runtime).ShouldContain(line => line.Contains("JournalProtocol"));

    [Fact]
    public void What_looks_down_is_let_pass() =>
        Layers
            .Violations([typeof(Planted.Drain.PlantedActor), typeof(Planted.Drain.PlantedState), typeof(Planted.Drain.PlantedProtocol)])
            .ShouldBeEmpty();
}
