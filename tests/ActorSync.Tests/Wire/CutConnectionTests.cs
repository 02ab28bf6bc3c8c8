using ActorSync.Diagnostics;
using ActorSync.TestKit.Network;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

/// <summary>A small push through a proxy that ends the connection after each number of bytes, in each direction and each way.</summary>
[Trait("criterion", "D8")]
public sealed class CutConnectionTests
{
    private const int HalfOpenEvery = 23;
    private static readonly string Body = Batches.Answer(Batches.Accepted(Batches.Of(1), 0));
    private static readonly string Answer = AdversaryConnection.Answer("200 OK", "application/json", Body);

    [Theory]
    [InlineData(Direction.Request, Cut.Reset)]
    [InlineData(Direction.Request, Cut.Fin)]
    [InlineData(Direction.Answer, Cut.Reset)]
    [InlineData(Direction.Answer, Cut.Fin)]
    [InlineData(Direction.Request, Cut.HalfOpen)]
    [InlineData(Direction.Answer, Cut.HalfOpen)]
    public async Task Cut_after_any_byte_it_is_transient_and_names_nothing(Direction direction, Cut cut)
    {
        await using var server = AdversaryServer.Answering(Answer);
        await using var proxy = TcpProxy.Start(server.Port);
        var batch = Batches.Of(1);
        var length = direction == Direction.Answer ? Answer.Length : await RequestLengthAsync();
        var settings = cut == Cut.HalfOpen ? Edge.ShortIdle with { ResponseTimeout = Edge.ShortIdle.IdleTimeout } : Edge.Settings;
        var step = cut == Cut.HalfOpen ? HalfOpenEvery : 1;
        for (var n = 0; n < length; n += step)
        {
            proxy.Plan(new CutPlan(direction, n, cut));
            var reply = await Edge.SendAsync(Call(proxy.Address), settings);

            var outcome = PushOutcomes.Read(reply, batch, 0, 1);
            var failure = outcome.ShouldBeOfType<PushOutcome.Failed>($"after {n} bytes").Failure;
            failure.Class.ShouldBe(ErrorClass.TransientNetwork, $"after {n} bytes: {failure}");
        }

        proxy.Cuts.ShouldBe((length + step - 1) / step, "every plan came to pass");

        // And when nothing is cut, it works.
        PushOutcomes.Read(await Edge.SendAsync(Call(proxy.Address)), batch, 0, 1).ShouldBeOfType<PushOutcome.Named>();
    }

    private static HubCall Call(Uri address) => HubCalls.Push(address, Edge.Token, Batches.Of(1).Body, gzip: false);

    // The proxy's port has as many digits as a server's: both are ephemeral.
    private static async Task<int> RequestLengthAsync()
    {
        await using var server = AdversaryServer.Answering(Answer);
        await Edge.SendAsync(Call(server.Address));
        var request = server.Requests.Single();
        return request.Head.Length + 4 + request.Body.Length;
    }
}
