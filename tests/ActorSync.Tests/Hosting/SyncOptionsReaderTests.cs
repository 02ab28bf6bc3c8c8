using ActorSync.Hosting;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hosting;

public class SyncOptionsReaderTests
{
    private const string Folder = "data";

    [Fact]
    public void Without_an_overlay_every_value_is_the_reference_one()
    {
        var options = SyncOptionsReader.Read(Folder);

        options.DataDirectory.ShouldBe(Folder);
        options.Profiles.ShouldBe(["default"]);
        options.Hub.ShouldBeNull();
        options.PlainHttpHosts.ShouldBeEmpty();
        options.Journal.ShouldBe(new JournalSettings(10_000_000, 8 << 20, 16 << 20, 1000, 4096, 0.25, 2000, 1_000_000));
        options.Drain.Preset.ShouldBe("balanced");
        options.Drain.Presets.Keys.ShouldBe(["balanced", "fast", "saver"]);
        options
            .Drain.Presets["balanced"]
            .ShouldBe(new DrainPreset(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), true, TimeSpan.FromSeconds(15)));
        options
            .Drain.Presets["fast"]
            .ShouldBe(new DrainPreset(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), true, TimeSpan.FromSeconds(2)));
        options
            .Drain.Presets["saver"]
            .ShouldBe(new DrainPreset(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), false, TimeSpan.FromMinutes(5)));
        options.Drain.ShouldBe(
            options.Drain with
            {
                MaxOperations = 1000,
                MaxBytes = 3 << 20,
                Gzip = true,
                DeadLettersPerPass = 10,
                BackoffMin = TimeSpan.FromSeconds(1),
                BackoffMax = TimeSpan.FromMinutes(5),
            }
        );
        options.Http.ShouldBe(
            new HttpSettings(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), 4, UseProxy: true)
        );
        options.Auth.ShouldBe(new AuthSettings(TimeSpan.FromMinutes(2), ""));
        options.Shutdown.ShouldBe(new ShutdownSettings(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void An_overlay_changes_what_it_names_and_nothing_else()
    {
        var options = SyncOptionsReader.Read(
            Folder,
            """
            # An app's own file may hold more than our section.
            my-app { window = 5 }
            kafka { topic = edits }
            actorsync {
              profiles = [home, work]
              hub = "https://hub.example.com/sync"
              journal { max-operations = 500, cache-bytes = 2MiB }
              drain.presets.night { priority-interval = 1h, bulk-interval = 1d, notify = off, pull-interval = 12h }
              drain.preset = night
              auth.device-name = "Anna's desk"
            }
            """
        );

        options.Profiles.ShouldBe(["home", "work"]);
        options.Hub.ShouldBe(new Uri("https://hub.example.com/sync"));
        options.Journal.ShouldBe(SyncOptionsReader.Read(Folder).Journal with { MaxOperations = 500, CacheBytes = 2 << 20 });
        options.Drain.Preset.ShouldBe("night");
        options
            .Drain.Presets["night"]
            .ShouldBe(new DrainPreset(TimeSpan.FromHours(1), TimeSpan.FromDays(1), false, TimeSpan.FromHours(12)));
        options.Drain.Presets["fast"].PriorityInterval.ShouldBe(TimeSpan.FromSeconds(1));
        options.Auth.DeviceName.ShouldBe("Anna's desk");
    }

    [Theory]
    // A key that means nothing, and what was meant.
    [InlineData("actorsync.jurnal.max-operations = 5", "actorsync.jurnal.max-operations", "did you mean actorsync.journal.max-operations?")]
    [InlineData("actorsync.journal.max-operation = 5", "actorsync.journal.max-operation", "did you mean actorsync.journal.max-operations?")]
    [InlineData("actorsync.max-group = 5", "actorsync.max-group", "did you mean actorsync.journal.max-group?")]
    [InlineData(
        "actorsync.drain.presets.fast.notfy = on",
        "actorsync.drain.presets.fast.notfy",
        "did you mean actorsync.drain.presets.fast.notify?"
    )]
    [InlineData("actorsync.http.zzzzzzzzzz = 5", "actorsync.http.zzzzzzzzzz", "known keys in")]
    [InlineData("actorsync.journal = 5", "actorsync.journal", "it is a section")]
    [InlineData("actorsnyc.journal.max-group = 5", "actorsnyc", "write actorsync")]
    [InlineData("ActorSync.hub = \"\"", "ActorSync", "write actorsync")]
    [InlineData("garbage here", "garbage here", "take it out")]
    // A value of another kind or out of its bounds.
    [InlineData("actorsync.journal.max-operations = many", "actorsync.journal.max-operations", "whole number from 1")]
    [InlineData("actorsync.journal.max-operations = 0", "actorsync.journal.max-operations", "whole number from 1")]
    [InlineData("actorsync.journal.max-operations = ", "actorsync.journal.max-operations", "write one value")]
    [InlineData("actorsync.journal.cache-bytes = 16", "actorsync.journal.cache-bytes", "such as 8 MiB")]
    [InlineData("actorsync.journal.cache-bytes = 16 MB", "actorsync.journal.cache-bytes", "such as 8 MiB")]
    [InlineData("actorsync.journal.cache-bytes = 2 GiB", "actorsync.journal.cache-bytes", "from 1 MiB to 1 GiB")]
    [InlineData("actorsync.journal.linger-fraction = 1.5", "actorsync.journal.linger-fraction", "from 0 to 1")]
    [InlineData("actorsync.journal.linger-fraction = NaN", "actorsync.journal.linger-fraction", "from 0 to 1")]
    [InlineData("actorsync.journal.fold-backlog = 10", "actorsync.journal.fold-backlog", "from 2000")]
    [InlineData("actorsync.drain.backoff-min = 5", "actorsync.drain.backoff-min", "such as 5s")]
    [InlineData("actorsync.drain.backoff-min = -5s", "actorsync.drain.backoff-min", "such as 5s")]
    [InlineData("actorsync.drain.backoff-max = 500ms", "actorsync.drain.backoff-max", "from 1s to 1d")]
    [InlineData("actorsync.drain.max-bytes = 5 MiB", "actorsync.drain.max-bytes", "from 64 KiB to 4 MiB")]
    [InlineData("actorsync.drain.gzip = maybe", "actorsync.drain.gzip", "write on or off")]
    [InlineData("actorsync.drain.gzip = [on]", "actorsync.drain.gzip", "write one value")]
    [InlineData("actorsync.drain.preset = turbo", "actorsync.drain.preset", "balanced, fast, saver")]
    [InlineData("actorsync.drain.presets.own.notify = on", "actorsync.drain.presets.own.priority-interval", "add it")]
    [InlineData("actorsync.shutdown.stop-timeout = 2s", "actorsync.shutdown.stop-timeout", "from 2s100ms to 15m")]
    [InlineData("actorsync.profiles = []", "actorsync.profiles", "name at least one")]
    [InlineData("actorsync.profiles = default", "actorsync.profiles", "write a list")]
    [InlineData("actorsync.profiles = [\"../etc\"]", "actorsync.profiles", "beginning with a letter or digit")]
    [InlineData("actorsync.profiles = [a, A]", "actorsync.profiles", "case makes no difference")]
    [InlineData("actorsync.hub = \"htp://hub.example.com\"", "actorsync.hub", "such as \"https://hub.example.com\"")]
    [InlineData("actorsync.hub = \"http://hub.example.com\"", "actorsync.hub", "such as \"https://hub.example.com\"")]
    [InlineData("actorsync.hub = \"https://me:pw@hub.example.com\"", "actorsync.hub", "such as")]
    [InlineData("actorsync.hub { a = 1 }", "actorsync.hub.a", "did you mean actorsync.hub?")]
    // Text that is no HOCON.
    [InlineData("actorsync { journal { max-group = 5 }", "app.conf", "correct the braces")]
    [InlineData("actorsync { } }\nactorsync.hub = x", "app.conf", "correct the braces")]
    [InlineData("actorsync.hub = \"https://hub", "app.conf", "correct the braces")]
    [InlineData("actorsync.hub = https://hub.example.com", "app.conf", "an address goes in quotes")]
    [InlineData("actorsync.hub = ${nowhere.to.be.found}", "app.conf", "correct the HOCON")]
    public void A_wrong_setting_is_refused_with_its_key_and_a_remedy(string hocon, string key, string remedy)
    {
        var error = Should.Throw<InvalidSettingException>(() => SyncOptionsReader.Read(Folder, hocon, "app.conf"));

        error.Key.ShouldBe(key);
        error.Code.ShouldBe("invalid_setting");
        error.Message.ShouldStartWith($"{key}: ");
        error.Remedy.ShouldContain(remedy);
    }

    [Fact]
    public void A_password_in_an_address_is_refused_and_not_repeated()
    {
        var error = Should.Throw<InvalidSettingException>(() =>
            SyncOptionsReader.Read(Folder, "actorsync.hub = \"https://me:hunter2@hub.example.com\"")
        );

        error.Message.ShouldNotContain("hunter2");
        error.Remedy.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_later_layer_wins_and_each_is_named_in_its_own_complaint()
    {
        var app = new SettingsText("app.conf", "actorsync { hub = \"https://a.example.com\"\n http.max-connections = 2 }\n");

        var options = SyncOptionsReader.Read(
            Folder,
            app,
            new SettingsText("user.conf", "actorsync.http.max-connections = 3\nakka.loglevel = ERROR")
        );
        var error = Should.Throw<InvalidSettingException>(() =>
            SyncOptionsReader.Read(Folder, app, new SettingsText("user.conf", "\nactorsync {"))
        );

        options.Hub.ShouldBe(new Uri("https://a.example.com"));
        options.Http.MaxConnections.ShouldBe(3);
        SyncOptionsReader.AkkaConfig(options).GetString("akka.loglevel").ShouldBe("ERROR");
        error.Message.ShouldBe("user.conf: line 2: '{' is not closed");
    }

    [Fact]
    public void An_unclosed_brace_is_named_by_its_line()
    {
        var error = Should.Throw<InvalidSettingException>(() =>
            SyncOptionsReader.Read(Folder, "a = 1\n# { in a comment\nactorsync {\n  hub = \"}\"\n", "app.conf")
        );

        error.Message.ShouldBe("app.conf: line 3: '{' is not closed");
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://[::1]:8080")]
    [InlineData("http://localhost")]
    public void Plain_http_is_taken_to_loopback(string hub) =>
        SyncOptionsReader.Read(Folder, $"actorsync.hub = \"{hub}\"").Hub.ShouldBe(new Uri(hub));

    [Fact]
    public void Plain_http_is_taken_to_a_host_that_was_named() =>
        SyncOptionsReader
            .Read(Folder, "actorsync { hub = \"http://nas.lan\", plain-http-hosts = [\"nas.lan\"] }")
            .Hub.ShouldBe(new Uri("http://nas.lan"));

    [Theory]
    [InlineData("1500ms", 1500)]
    [InlineData("1.5s", 1500)]
    [InlineData("2 m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    public void A_time_is_a_number_and_a_unit(string text, double milliseconds) =>
        SettingValue.Time(text).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 sec")]
    [InlineData("5s5s")]
    [InlineData("1e3s")]
    [InlineData("9999999999999s")]
    [InlineData("٥s")]
    public void What_is_no_time_is_none(string text) => SettingValue.Time(text).ShouldBeNull();

    [Fact]
    public void The_settings_for_tests_are_valid()
    {
        using var stream = typeof(SyncOptionsReaderTests).Assembly.GetManifestResourceStream("ActorSync.Tests.test.conf")!;
        using var reader = new StreamReader(stream);

        SyncOptionsReader.Read(Folder, reader.ReadToEnd()).Drain.Preset.ShouldBe("test");
    }
}
