using System.Net.Sockets;
using System.Text;
using ActorSync.Hub;
using ActorSync.Hub.Admin;
using ActorSync.Hub.Http;
using ActorSync.Hub.Store;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class AdminTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_operator_sees_and_switches_accounts_whether_the_hub_runs_or_not(bool running)
    {
        await using var world = await StartAsync();
        var (phone, laptop) = (await world.JoinAsync("ada", "phone"), await world.JoinAsync("ada", "laptop"));
        (await phone.PushAsync(2, Op.Set(1), Op.Set(2))).ShouldBe(200);
        await world.JoinAsync("bob", "phone");
        if (!running)
        {
            await world.Hub.DisposeAsync();
        }

        var accounts = (await AskAsync(world, new AdminAsk(AdminCall.Accounts))).Accounts.ShouldNotBeNull();
        accounts.Select(a => (a.Handle, a.Status, a.LastId)).ShouldBe([("ada", AccountStatus.Active, 2), ("bob", AccountStatus.Active, 0)]);
        accounts[0].Devices.Select(d => (d.Id, d.Operations, d.Revoked)).ShouldBe([("phone", 2L, false), ("laptop", 0, false)]);
        var code = (await AskAsync(world, new AdminAsk(AdminCall.Code, "ada"))).Code.ShouldNotBeNull();
        (await AskAsync(world, new AdminAsk(AdminCall.Revoke, "ada", "phone"))).Found.ShouldBeTrue();
        (await AskAsync(world, new AdminAsk(AdminCall.Revoke, "bob", "laptop"))).Found.ShouldBeFalse();
        (await AskAsync(world, new AdminAsk(AdminCall.Status, "ada", Status: AccountStatus.SyncDisabled))).Found.ShouldBeTrue();
        (await AskAsync(world, new AdminAsk(AdminCall.Status, "eve", Status: AccountStatus.Active))).Found.ShouldBeFalse();
        (await AskAsync(world, new AdminAsk(AdminCall.Compact))).Count.ShouldBe(0);
        if (!running)
        {
            await world.RestartAsync();
            (phone, laptop) = (phone.At(world), laptop.At(world));
        }

        (await phone.GetAsync("/v1/auth/me")).ShouldBe(401, "token_revoked");
        (await laptop.GetAsync("/v1/auth/me")).ShouldBe(200);
        (await laptop.PushAsync(1, Op.Set(1))).ShouldBe(403, "sync_disabled");
        (await AskAsync(world, new AdminAsk(AdminCall.Status, "ada", Status: AccountStatus.Active))).Found.ShouldBeTrue();
        (await laptop.PushAsync(1, Op.Set(1))).ShouldBe(200);
        var redeem = new StringContent($"{{\"code\":\"{code}\",\"device_id\":\"new\",\"nonce\":\"n\"}}");
        (await Answer.ReadAsync(await world.Client().PostAsync("/v1/auth/devices/redeem", redeem))).ShouldBe(200);
    }

    [Fact]
    [Trait("criterion", "X1")]
    public async Task The_operators_door_is_the_owners_alone_and_not_on_the_network()
    {
        await using var world = await StartAsync();
        var path = Path.Combine(world.Folder, "hub.sock");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var content = new StringContent("{\"call\":\"Accounts\"}");
        (await Answer.ReadAsync(await world.Client().PostAsync("/admin", content))).ShouldBe(404, "not_found");

        // Nor is what the network is answered there for the taking.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await socket.SendAsync("GET /health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(new NetworkStream(socket), Encoding.Latin1);
        (await reader.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 400 ");
        await world.Hub.DisposeAsync();
        File.Exists(path).ShouldBeFalse();
    }

    [Fact]
    public async Task A_socket_that_a_killed_hub_left_stands_in_nobodys_way()
    {
        await using var world = await StartAsync();
        await world.JoinAsync();
        await world.Hub.DisposeAsync();
        var path = Path.Combine(world.Folder, "hub.sock");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(path));
        }

        (await AskAsync(world, new AdminAsk(AdminCall.Accounts))).Accounts!.Count.ShouldBe(1);
        await world.RestartAsync();
        (await AskAsync(world, new AdminAsk(AdminCall.Accounts))).Accounts!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_without_a_hub_is_not_made_one()
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-hub-").FullName;
        try
        {
            var ask = AdminDoor.AskAsync(
                new HubOptions { DataDirectory = folder },
                new AdminAsk(AdminCall.Accounts),
                CancellationToken.None
            );
            (await Should.ThrowAsync<HubException>(ask)).Code.ShouldBe("hub_path");
            Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public async Task Faults_are_not_for_the_operator()
    {
        await using var world = await HubWorld.StartAsync(options =>
            options with
            {
                AdminSocket = true,
                Faults = new HubFaults([FaultRule.Parse("*=503")], 1),
            }
        );
        (await AskAsync(world, new AdminAsk(AdminCall.Accounts))).Accounts.ShouldBeEmpty();
    }

    private static Task<HubWorld> StartAsync() => HubWorld.StartAsync(options => options with { AdminSocket = true });

    private static Task<AdminAnswer> AskAsync(HubWorld world, AdminAsk ask) =>
        AdminDoor.AskAsync(HubWorld.Options(world.Folder, world.Clock, world.Chance), ask, CancellationToken.None);
}
