using System.Net.Sockets;
using System.Text;
using ActorSync.Hub;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>Many connections that want to hold the hub up. Here 2,000, which is what a test may cost; the bound that is tested does not depend on their number.</summary>
public sealed class CrowdTests
{
    private const int Crowd = 2_000;

    [Theory]
    [InlineData("")]
    [InlineData("GET /health HTTP/1.1\r\nHost: hub\r\nX-Slow: ")]
    [Trait("criterion", "X3")]
    public async Task A_crowd_that_sends_nothing_or_half_a_header_is_bounded_and_goes_and_the_hub_stays(string beginning)
    {
        const int most = 200;
        await using var world = await HubWorld.StartAsync(
            new HubLimits
            {
                Connections = most,
                HeadersTime = TimeSpan.FromMilliseconds(500),
                IdleTime = TimeSpan.FromMilliseconds(500),
            }
        );
        var device = await world.JoinAsync();
        var crowd = await CrowdAsync(world, beginning);
        try
        {
            // Those over the bound are closed at once, the others when their time is over; so all of them see an end.
            await Task.WhenAll(crowd.Select(ToEndAsync)).WaitAsync(TimeSpan.FromMinutes(1));
            (await PushedAsync(device)).ShouldBe(200);
        }
        finally
        {
            crowd.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    [Trait("criterion", "X3")]
    public async Task Bodies_that_trickle_are_given_up_and_hold_no_memory_for_others()
    {
        const int slow = 100;
        await using var world = await HubWorld.StartAsync(new HubLimits { BodyBytesPerSecond = 1_000_000, BufferedBytes = 4 << 20 });
        var device = await world.JoinAsync();
        var head =
            $"POST /api/v1/sync/ops HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {device.Token}\r\nContent-Length: 1000000\r\n\r\n{{\"device_id\":";
        var crowd = new List<TcpClient>();
        try
        {
            for (var i = 0; i < slow; i++)
            {
                crowd.Add(await ConnectAsync(world, head));
            }

            // Each holds a small buffer and not the megabyte that it announces.
            (await device.PushAsync(1, Op.Set(1, payload: $"\"{new string('x', 500_000)}\""))).ShouldBe(200);
            await Task.WhenAll(crowd.Select(ToEndAsync)).WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            crowd.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    [Trait("criterion", "X3")]
    public async Task Open_sockets_do_not_take_the_connections_of_requests()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { Connections = 4, SocketsPerAccount = 40 });
        var device = await world.JoinAsync();
        var sockets = new List<SocketClient>();
        for (var i = 0; i < 40; i++)
        {
            sockets.Add(await SocketClient.OpenAsync(world, device));
        }

        var pushed = (await device.PushAsync(1, Op.Set(1))).ShouldBe(200).Number("last_id");
        foreach (var socket in sockets)
        {
            while ((await socket.NextAsync()).LastId < pushed) { }

            await socket.DisposeAsync();
        }
    }

    private static async Task<List<TcpClient>> CrowdAsync(HubWorld world, string beginning)
    {
        var crowd = new List<TcpClient>(Crowd);
        for (var i = 0; i < Crowd; i++)
        {
            crowd.Add(await ConnectAsync(world, beginning));
        }

        return crowd;
    }

    private static async Task<TcpClient> ConnectAsync(HubWorld world, string beginning)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(world.Hub.Addresses[0].Host, world.Hub.Addresses[0].Port);
        try
        {
            await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(beginning));
        }
        catch (IOException)
        {
            // Closed already: it was one too many.
        }

        return tcp;
    }

    private static async Task ToEndAsync(TcpClient tcp)
    {
        try
        {
            var buffer = new byte[1024];
            while (await tcp.GetStream().ReadAsync(buffer) > 0) { }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }
    }

    private static async Task<Answer> PushedAsync(HubDevice device)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await device.PushAsync(1, Op.Set(1));
            }
            catch (HttpRequestException) when (tries < 10_000)
            {
                // The last of the crowd is gone for itself, and not yet for the hub.
            }
        }
    }
}
