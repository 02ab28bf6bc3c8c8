using System.Text;
using ActorSync.Simulation.Worlds;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using Akka.Actor;

namespace ActorSync.Simulation.Faults;

/// <summary>The plants that do not stand between the wire and the hub.</summary>
internal static class Plants
{
    public static void Schedule(Plant plant, World world, Device device)
    {
        var wire = device.Wire;
        switch (plant)
        {
            case Plant.DiskLies:
                device.Disk.Lies = true;
                foreach (var at in new[] { 20.3, 40.7, 60.1 })
                {
                    world.At(TimeSpan.FromSeconds(at), () => CutPower(world, device));
                }

                wire.IsDown = true;
                break;
            case Plant.AlwaysGreen:
                world.At(TimeSpan.FromSeconds(5), () => wire.IsDown = true);
                break;
            case Plant.MadClient:
                world.At(TimeSpan.FromSeconds(10), () => Hammer(world, device, wire));
                break;
            case Plant.RemoteCrash:
                world.At(TimeSpan.FromSeconds(10), () => device.Node!.System.ActorOf(Props.Create(() => new Fragile())).Tell("boom"));
                break;
            case Plant.ForeignChance:
                world.At(TimeSpan.FromSeconds(10), () => world.Trace.Add(Guid.NewGuid().ToString()));
                break;
        }
    }

    private static void CutPower(World world, Device device)
    {
        device.Die(power: true);
        world.At(TimeSpan.FromSeconds(1), device.Start);
    }

    private static void Hammer(World world, Device device, VirtualWire wire)
    {
        wire.IsDown = true;
        var http = new HttpMessageInvoker(device.NewHandler());
        for (var i = 0; i < 200; i++)
        {
            world.At(
                TimeSpan.FromMilliseconds(20 * i),
                () =>
                {
                    var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Device.HubAddress, "/api/v1/sync/ops"))
                    {
                        Content = new ByteArrayContent(Encoding.UTF8.GetBytes("{\"ops\":[]}")),
                    };
                    _ = http.SendAsync(request, CancellationToken.None);
                }
            );
        }
    }

    private sealed class Fragile : UntypedActor
    {
        protected override void OnReceive(object message) => throw new FormatException("the answer was not expected");
    }
}
