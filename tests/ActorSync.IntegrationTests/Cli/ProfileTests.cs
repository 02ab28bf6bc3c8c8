using System.Text.Json;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>Several profiles in one running host.</summary>
public sealed class ProfileTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("criterion", "Q16")]
    public async Task Two_profiles_of_one_account_are_two_devices_without_a_collision()
    {
        using var hubFolder = new CliFolder();
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = hubFolder.Data });
        await using var host = Start("run");
        await host.UpAsync();
        (await CliAsync("profile", "create", "work")).Code.ShouldBe(0);
        foreach (var profile in new[] { "default", "work" })
        {
            var code = (await hub.CreatePairingCodeAsync("ada")).Code;
            var paired = await CliAsync("pair", code, "--hub", hub.Addresses[0].AbsoluteUri, "--profile", profile);
            paired.Code.ShouldBe(0, paired.Error);
        }

        var edits = _folder.WriteEdits(300);
        var imports = await Task.WhenAll(CliAsync("import", edits, "--profile", "default"), CliAsync("import", edits, "--profile", "work"));
        imports.ShouldAllBe(import => import.Document.GetProperty("stored").GetInt64() == 300);
        var drains = await Task.WhenAll(CliAsync("drain", "--profile", "default"), CliAsync("drain", "--profile", "work"));
        var (ours, theirs) = (await StatusAsync("default"), await StatusAsync("work"));

        drains.ShouldAllBe(static drain => drain.Code == 0);
        Text(ours, "device_id").ShouldNotBe(Text(theirs, "device_id"));
        Text(ours.GetProperty("auth"), "account").ShouldBe(Text(theirs.GetProperty("auth"), "account"));
        foreach (var status in new[] { ours, theirs })
        {
            status.GetProperty("queue").GetProperty("pending").GetInt64().ShouldBe(0);
            status.GetProperty("receipt").GetProperty("highest_lamport").GetInt64().ShouldBeGreaterThanOrEqualTo(300);
            status.GetProperty("drain").GetProperty("rejected").GetInt64().ShouldBe(0);
        }

        var removed = (await CliAsync("profile", "remove", "work")).Document;
        removed.GetProperty("revoked").GetBoolean().ShouldBeTrue();
        removed.GetProperty("file").ValueKind.ShouldBe(JsonValueKind.Null, "everything had been sent");
        Text((await StatusAsync("default")).GetProperty("auth"), "state").ShouldBe("signed_in");
    }

    [Fact]
    [Trait("criterion", "Q16")]
    public async Task Two_profiles_of_one_account_see_each_others_operations()
    {
        using var hubFolder = new CliFolder();
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = hubFolder.Data });
        await using var host = Start("run");
        await host.UpAsync();
        (await CliAsync("profile", "create", "work")).Code.ShouldBe(0);
        foreach (var profile in new[] { "default", "work" })
        {
            var code = (await hub.CreatePairingCodeAsync("ada")).Code;
            (await CliAsync("pair", code, "--hub", hub.Addresses[0].AbsoluteUri, "--profile", profile)).Code.ShouldBe(0);
        }

        foreach (var profile in new[] { "default", "work" })
        {
            string[] args = ["enqueue", "--entity", "note", "--id", "of-" + profile, "--op", "set", "--payload", "7", "--wait"];
            (await CliAsync([.. args, "--profile", profile])).Code.ShouldBe(0);
        }

        var digests = new List<string?>();
        foreach (var profile in new[] { "default", "work" })
        {
            (await CliAsync("reconcile", "--profile", profile)).Document.GetProperty("equal").GetBoolean().ShouldBeTrue(profile);
            var entities = (await CliAsync("get", "note", "--profile", profile)).Document.GetProperty("entities");
            entities.EnumerateArray().Select(static entity => Text(entity, "entity_id")).ShouldBe(["of-default", "of-work"]);
            digests.Add(Text((await CliAsync("digest", "--profile", profile)).Document, "digest"));
        }

        digests[0].ShouldBe(digests[1]);
    }

    [Fact]
    [Trait("criterion", "A18")]
    public async Task A_profile_of_a_running_host_is_removed_within_five_seconds_with_its_queue_in_a_file()
    {
        await using var host = Start("run", "--mode", "local");
        await host.UpAsync();
        (await CliAsync("profile", "create", "work")).Code.ShouldBe(0);
        (await CliAsync("import", _folder.WriteEdits(100), "--profile", "work")).Code.ShouldBe(0);

        var refused = await CliAsync("profile", "remove", "work");
        var removed = await CliAsync("profile", "remove", "work", "--yes");
        var after = await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--profile", "work");
        var again = await CliAsync("profile", "create", "work");

        refused.Code.ShouldBe(1);
        Text(refused.Document, "error").ShouldBe("profile_not_empty");
        removed.Code.ShouldBe(0, removed.Out);
        File.ReadAllLines(Text(removed.Document, "file")!).Length.ShouldBe(100);
        after.Code.ShouldBe(2, "the host has it no more");
        again.Code.ShouldBe(0, again.Out);
        (await CliAsync("queue", "count", "--profile", "work")).Document.GetProperty("pending").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task The_default_that_was_chosen_is_the_hosts_and_every_profile_is_started_with_it()
    {
        (await CliAsync("profile", "create", "work")).Code.ShouldBe(0);
        (await CliAsync("profile", "use", "work")).Code.ShouldBe(0);
        (await CliAsync("profile", "create", "home")).Code.ShouldBe(0);
        await using var host = Start("run", "--mode", "local");
        var up = await host.UpAsync();

        Text(up, "profile").ShouldBe("work");
        (await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set")).Code.ShouldBe(0);
        (await StatusAsync("work")).GetProperty("queue").GetProperty("pending").GetInt64().ShouldBe(1);
        (await StatusAsync("home")).GetProperty("queue").GetProperty("pending").GetInt64().ShouldBe(0);
        (await CliAsync("profile", "use", "home")).Code.ShouldBe(0);
        Text((await CliAsync("status")).Document, "profile").ShouldBe("home");
        (await CliAsync("profile", "list"))
            .Document.GetProperty("profiles")
            .EnumerateArray()
            .ShouldAllBe(static profile => profile.GetProperty("running").GetBoolean());
    }

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();

    private async Task<JsonElement> StatusAsync(string profile) => (await CliAsync("status", "--profile", profile)).Document;

    private ActorSyncProcess Start(params string[] args) => ActorSyncProcess.Start([.. args, "--json", "--data", _folder.Data]);

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _folder.Data]);
}
