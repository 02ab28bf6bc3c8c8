using ActorSync.Diagnostics;
using ActorSync.Hosting;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ActorSync.Tests.Hosting;

[Collection(StandardOutput.Collection)]
public class ActorLogTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_line_of_an_actor_carries_its_class_its_path_its_profile_and_the_named_properties()
    {
        using var logs = new RecordedLogs(LogLevel.Debug);
        var system = Start(logs);
        var drain = system.ActorOf(Props.Create(() => new Chatter("profiles", "default", "drain", "bulk")), "actorsync");
        drain.Tell(new Say("Drain paused ({Reason}), next try in {Delay}", ["Backoff", TimeSpan.FromSeconds(5)]));

        var line = await logs.FirstAsync(l => l.Text.StartsWith("Drain paused", StringComparison.Ordinal));

        line.Text.ShouldBe("Drain paused (Backoff), next try in 00:00:05");
        line.Level.ShouldBe(LogLevel.Information);
        line.Category.ShouldBe(typeof(Chatter).FullName);
        line.Properties["{OriginalFormat}"].ShouldBe("Drain paused ({Reason}), next try in {Delay}");
        line.Properties["Reason"].ShouldBe("Backoff");
        line.Properties["Delay"].ShouldBe(TimeSpan.FromSeconds(5));
        line.Properties["ActorPath"].ShouldBe("/user/actorsync/profiles/default/drain/bulk");
        line.Properties["Profile"].ShouldBe("default");
        line.Properties["Lane"].ShouldBe("bulk");
        await system.Terminate();
    }

    [Fact]
    public async Task An_exception_goes_with_its_line()
    {
        using var logs = new RecordedLogs(LogLevel.Debug);
        var system = Start(logs);
        var actor = system.ActorOf(Props.Create(() => new Chatter()), "actorsync");
        actor.Tell(new Fail(new InvalidDataException("broken")));

        var line = await logs.FirstAsync(l => l.Error is InvalidDataException);

        line.Level.ShouldBe(LogLevel.Error);
        line.Text.ShouldContain("broken");
        await system.Terminate();
    }

    [Fact]
    public async Task The_lines_that_wait_when_the_system_stops_are_written_and_nothing_goes_to_standard_output()
    {
        const int Lines = 500;
        var before = Console.Out;
        using var stdout = new StringWriter();
        Console.SetOut(stdout);
        try
        {
            using var logs = new RecordedLogs(LogLevel.Information) { Slow = true };
            var system = Start(logs);
            var actor = system.ActorOf(Props.Create(() => new Chatter()), "actorsync");
            for (var i = 0; i < Lines; i++)
            {
                actor.Tell(new Say("line {Number}", [i]));
            }

            await actor.GracefulStop(Deadline);
            await system.Terminate().WaitAsync(Deadline);

            // Akka bounds how long a stop may take; a slow sink gets its last lines all the same.
            _ = await logs.FirstAsync(l => l.Text == $"line {Lines - 1}");
            logs.Lines.Count(l => l.Text.StartsWith("line ", StringComparison.Ordinal)).ShouldBe(Lines);
        }
        finally
        {
            Console.SetOut(before);
        }

        stdout.ToString().ShouldNotContain("line ");
    }

    [Theory]
    [InlineData(LogLevel.Trace, true, true)]
    [InlineData(LogLevel.Information, false, true)]
    [InlineData(LogLevel.Warning, false, false)]
    [InlineData(LogLevel.None, false, false)]
    public async Task A_level_that_the_app_does_not_take_is_not_made_in_the_first_place(LogLevel level, bool debug, bool info)
    {
        using var logs = new RecordedLogs(level);
        var system = Start(logs);

        var log = Logging.GetLogger(system, "probe");

        log.IsDebugEnabled.ShouldBe(debug);
        log.IsInfoEnabled.ShouldBe(info);
        await system.Terminate();
    }

    [Fact]
    public async Task A_level_that_was_set_in_HOCON_stands()
    {
        using var logs = new RecordedLogs(LogLevel.Trace);
        var options = SyncOptionsReader.Read("data", "akka.loglevel = ERROR");
        var system = ActorSystem.Create("log-test", SyncOptionsReader.AkkaSetup(options, logs));

        Logging.GetLogger(system, "probe").IsWarningEnabled.ShouldBeFalse();
        await system.Terminate();
    }

    [Fact]
    public void A_level_that_only_one_actor_takes_is_made()
    {
        using var logs = new RecordedLogs(LogLevel.Warning) { Verbose = "Akka" };

        ActorLog.LowestLevel(logs).ShouldBe("DEBUG");
        ActorLog.LowestLevel(null).ShouldBe("OFF");
    }

    [Fact]
    public void A_line_below_its_category_level_is_not_rendered()
    {
        using var logs = new RecordedLogs(LogLevel.Warning);
        var value = new CountedText();

        new ActorLogWriter(logs).Write(new Info("source", typeof(Chatter), new LogMessage(NamedFormatter.Instance, "{Value}", value)));
        new ActorLogWriter(logs).Write(new Warning("source", typeof(Chatter), new LogMessage(NamedFormatter.Instance, "{Value}", value)));

        logs.Lines.Count.ShouldBe(1);
        value.Shown.ShouldBeInRange(1, 2);
    }

    [Fact]
    public async Task Two_systems_write_to_their_own_factories()
    {
        using var first = new RecordedLogs(LogLevel.Information);
        using var second = new RecordedLogs(LogLevel.Information);
        var (one, two) = (Start(first), Start(second));
        Logging.GetLogger(one, "x").Info("from one");
        Logging.GetLogger(two, "x").Info("from two");

        (await first.FirstAsync(l => l.Text.StartsWith("from", StringComparison.Ordinal))).Text.ShouldBe("from one");
        (await second.FirstAsync(l => l.Text.StartsWith("from", StringComparison.Ordinal))).Text.ShouldBe("from two");
        await Task.WhenAll(one.Terminate(), two.Terminate());
    }

    [Fact]
    public async Task A_system_of_the_host_gets_the_dispatchers_and_keeps_its_own_settings()
    {
        var system = ActorSystem.Create("host", "akka.stdout-loglevel = OFF, akka.loglevel = OFF, akka.scheduler.tick-duration = 30ms");
        system.Dispatchers.HasDispatcher("actorsync.journal-dispatcher").ShouldBeFalse();

        SyncOptionsReader.AddDispatchersTo(system, SyncOptionsReader.Read("data"));

        foreach (var name in new[] { "actorsync.journal-dispatcher", "actorsync.storage-dispatcher" })
        {
            var actor = system.ActorOf(Props.Create(() => new ThreadTeller()).WithDispatcher(name));
            (await actor.Ask<string>("?", Deadline)).ShouldContain(name);
        }

        system.Settings.Config.GetString("akka.scheduler.tick-duration").ShouldBe("30ms");
        system.Settings.Config.GetString("akka.log-dead-letters").ShouldBe("10");
        await system.Terminate();
    }

    [Fact]
    public async Task The_journal_dispatcher_keeps_one_thread_an_actor_and_the_storage_one_keeps_off_the_pool()
    {
        var system = ActorSystem.Create("own", SyncOptionsReader.AkkaSetup(SyncOptionsReader.Read("data")));
        var journal = system.ActorOf(Props.Create(() => new ThreadTeller()).WithDispatcher("actorsync.journal-dispatcher"));
        var threads = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 50; i++)
        {
            threads.Add(await journal.Ask<string>("?", Deadline));
        }

        threads.Count.ShouldBe(1);
        var storage = system.ActorOf(Props.Create(() => new ThreadTeller()).WithDispatcher("actorsync.storage-dispatcher"));
        (await storage.Ask<string>("?", Deadline)).ShouldContain("pool=False");
        await system.Terminate();
    }

    private static ActorSystem Start(ILoggerFactory logs) =>
        ActorSystem.Create("log-test", SyncOptionsReader.AkkaSetup(SyncOptionsReader.Read("data"), logs));

    private sealed record Say(string Template, object[] Args);

    private sealed record Fail(Exception Error);

    /// <summary>Speaks through a descendant, so that its path is as long as a real one.</summary>
    private sealed class Chatter : UntypedActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
        private readonly IActorRef? _child;

        public Chatter(params string[] below) =>
            _child = below is [var name, .. var rest] ? Context.ActorOf(Props.Create(() => new Chatter(rest)), name) : null;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case not null when _child is not null:
                    _child.Tell(message);
                    break;
                case Say say:
                    _log.Info(say.Template, say.Args);
                    break;
                case Fail fail:
                    throw fail.Error;
            }
        }
    }

    private sealed class ThreadTeller : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            var thread = Thread.CurrentThread;
            Sender.Tell($"{thread.Name} {thread.ManagedThreadId} pool={thread.IsThreadPoolThread}");
        }
    }

    private sealed class CountedText
    {
        public int Shown { get; private set; }

        public override string ToString() => $"shown {++Shown}";
    }
}
