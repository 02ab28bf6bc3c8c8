using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>Followers that rely on the wake-up socket alone.</summary>
public sealed class FollowerTests
{
    [Fact]
    [Trait("criterion", "P13")]
    [Trait("criterion", "P2")]
    public async Task A_follower_that_pulls_only_when_it_is_woken_misses_nothing_of_16_writers()
    {
        const int writers = 16;
        const int pushes = 25;
        await using var world = await HubWorld.StartAsync();
        var devices = new List<HubDevice>();
        for (var i = 0; i < writers; i++)
        {
            devices.Add(await world.JoinAsync());
        }

        var follower = await world.JoinAsync();
        await using var socket = await SocketClient.OpenAsync(world, follower);
        var writing = Task.WhenAll(
            devices.Select(async device =>
            {
                for (var i = 1; i <= pushes; i++)
                {
                    (await device.PushAsync(i, Op.Set(i, "shared"))).ShouldBe(200);
                }
            })
        );

        var (since, head, frames) = (0L, Chain.Genesis, 0);
        while (since < writers * pushes)
        {
            var woken = await socket.NextAsync();
            frames++;
            while (since < woken.LastId)
            {
                var page = (await follower.GetAsync($"/api/v1/sync/ops?since={since}&head={head}&limit=37")).ShouldBe(200);
                foreach (var op in page.Body["ops"]!.AsArray())
                {
                    op!["id"]!.GetValue<long>().ShouldBe(++since);
                    head = Chain.Next(head, since, op.Id(), op["lamport_ts"]!.GetValue<long>());
                }

                page.Text("head").ShouldBe(head);
            }
        }

        await writing;
        frames.ShouldBeLessThanOrEqualTo((writers * pushes) + 1);
    }

    [Fact]
    [Trait("criterion", "P2")]
    public async Task What_is_committed_while_a_socket_opens_is_told_without_another_commit()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { SocketsPerAccount = 1_000 });
        var (writer, follower) = (await world.JoinAsync(), await world.JoinAsync());
        for (var clock = 1; clock <= 400; )
        {
            // Many openings beside some commits, the last of which may fall anywhere.
            var opening = Enumerable.Range(0, 16).Select(_ => SocketClient.OpenAsync(world, follower)).ToArray();
            var pushed = 0L;
            for (var last = clock + 1 + (clock % 7); clock <= last; clock++)
            {
                pushed = (await writer.PushAsync(clock, Op.Set(clock))).ShouldBe(200).Number("last_id");
            }

            foreach (var socket in await Task.WhenAll(opening))
            {
                while ((await socket.NextAsync()).LastId < pushed) { }

                await socket.DisposeAsync();
            }
        }
    }
}
