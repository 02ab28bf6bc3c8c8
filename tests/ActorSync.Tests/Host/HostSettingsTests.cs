using ActorSync.Host;
using ActorSync.Host.Service;
using ActorSync.Tests.Architecture;
using Serilog.Events;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class HostSettingsTests : IDisposable
{
    private readonly DataFolderFixture _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Every_key_of_the_host_is_documented_and_its_default_is_the_value() =>
        ReferenceText.Violations(Repository.Read("hocon/host.conf")).ShouldBeEmpty();

    [Fact]
    public void Without_a_file_of_the_operator_the_defaults_hold()
    {
        var settings = HostSettings.Read(HostOptions.Layers(_data.Folder));

        settings.ShouldBe(new HostSettings(LogEventLevel.Information, 16 << 20, 10, HangarSource: null));
    }

    [Fact]
    public void The_operators_file_wins()
    {
        Write("host.log { level = DEBUG, files = 3 }\nactorsync.drain.preset = saver");

        HostSettings
            .Read(HostOptions.Layers(_data.Folder))
            .ShouldBe(new HostSettings(LogEventLevel.Debug, 16 << 20, 3, HangarSource: null));
        HostOptions.Read(_data.Folder, "default", online: true).Drain.Preset.ShouldBe("saver");
    }

    [Theory]
    [InlineData("host.log.level = LOUD", "host.log.level")]
    [InlineData("host.log.files = 0", "host.log.files")]
    [InlineData("host.log.file-bytes = 16 parsecs", "host.log.file-bytes")]
    [InlineData("host.log.file = 1", "host.log.file")]
    [InlineData("host.colour = red", "host.colour")]
    public void A_key_that_is_unknown_or_wrong_is_named(string hocon, string key)
    {
        Write(hocon);

        Should.Throw<InvalidSettingException>(() => HostSettings.Read(HostOptions.Layers(_data.Folder))).Key.ShouldBe(key);
    }

    private void Write(string hocon)
    {
        _data.Folder.Create();
        File.WriteAllText(_data.Folder.Settings, hocon);
    }
}
