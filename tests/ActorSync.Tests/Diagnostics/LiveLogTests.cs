using ActorSync.Diagnostics;
using ActorSync.Hosting;
using ActorSync.TestKit;
using ActorSync.Tests.Hosting;
using Akka.Actor;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Diagnostics.ActorLogProtocol;
using AkkaLevel = Akka.Event.LogLevel;
using AppLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ActorSync.Tests.Diagnostics;

/// <summary>The log of a running system, read and raised from outside.</summary>
public sealed class LiveLogTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("criterion", "H7")]
    public void A_level_that_was_raised_for_five_minutes_goes_back_by_itself()
    {
        using var world = new World(1, hocon: "akka.loglevel = INFO");
        var tap = world.System.ActorOf(Props.Create(() => new ActorLogTap(new LogSettings("INFO", 100, 1 << 20))), "tap");
        world.System.EventStream.Subscribe(tap, typeof(LogEvent));
        var (drain, other) = (Speaker(world, "drain"), Speaker(world, "status"));
        var desk = world.Probe("desk");
        world.Run(TimeSpan.FromSeconds(1));

        desk.Send(tap, new SetLevel(ActorPattern.TryParse("drain")!, AkkaLevel.DebugLevel, TimeSpan.FromMinutes(5), desk.Ref));
        var rule = desk.Expect<Levels>().Rules.ShouldHaveSingleItem();
        Speak("raised");
        world.Run(TimeSpan.FromMinutes(4));
        Speak("still");
        world.Run(TimeSpan.FromMinutes(2));
        Speak("over");

        (rule.Until!.Value - world.Now).ShouldBeLessThan(TimeSpan.Zero);
        desk.Send(tap, new GetRecent(LineFilter.All, 100, desk.Ref));
        desk.Expect<Recent>()
            .Lines.Where(static line => line.Level == AkkaLevel.DebugLevel)
            .Select(static line => $"{line.Path} {line.Text}")
            .ShouldBe(["/user/drain raised", "/user/drain still"]);

        void Speak(string word)
        {
            drain.Tell(word);
            other.Tell(word);
            world.Run(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    [Trait("criterion", "H7")]
    public async Task A_follower_gets_what_it_asks_for_and_the_others_do_not()
    {
        using var logs = new RecordedLogs(AppLevel.Information);
        var system = Start(logs);
        var tap = ActorLogDesk.Of(system).Tap.ShouldNotBeNull();
        var (drain, pull) = (Speaker(system, "drain"), Speaker(system, "pull"));
        var debug = new LogFollower(new LineFilter(ActorPattern.TryParse("drain"), AkkaLevel.DebugLevel));
        var plain = new LogFollower(LineFilter.All);
        await tap.Ask<Recent>(replyTo => new Follow(debug, 0, replyTo), Deadline, CancellationToken.None);
        await tap.Ask<Recent>(replyTo => new Follow(plain, 0, replyTo), Deadline, CancellationToken.None);

        (await SpeakAsync(drain, "one")).ShouldBeTrue();
        (await SpeakAsync(pull, "two")).ShouldBeFalse();
        tap.Tell(new Unfollow(debug));
        await RecentAsync(tap);
        (await SpeakAsync(drain, "three")).ShouldBeFalse();

        Drain(debug).ShouldBe(["/user/drain one"]);
        Drain(plain).ShouldNotContain(static line => line.Contains("one"));
        logs.Lines.ShouldNotContain(static line => line.Text == "one");
        await system.Terminate();
        await plain.Lines.Completion.WaitAsync(Deadline);

        // Whether the line came as far as the ring; the tap answers in order.
        async Task<bool> SpeakAsync(IActorRef speaker, string word)
        {
            await speaker.Ask<string>(word, Deadline);
            return (await RecentAsync(tap)).Any(line => line.Text == word);
        }
    }

    [Fact]
    public async Task A_slow_reader_loses_lines_and_is_told_how_many_and_the_runtime_goes_on()
    {
        using var logs = new RecordedLogs(AppLevel.Information);
        var system = Start(logs, "actorsync.log { level = DEBUG, lines = 50 }");
        var tap = ActorLogDesk.Of(system).Tap!;
        var speaker = Speaker(system, "drain");
        var slow = new LogFollower(LineFilter.All, capacity: 10);
        await tap.Ask<Recent>(replyTo => new Follow(slow, 0, replyTo), Deadline, CancellationToken.None);

        for (var i = 0; i < 100; i++)
        {
            await speaker.Ask<string>($"line {i}", Deadline);
        }

        var kept = await RecentAsync(tap);
        kept.Length.ShouldBe(50);
        kept[^1].Text.ShouldBe("line 99");
        Drain(slow).Length.ShouldBe(10);
        await speaker.Ask<string>("after", Deadline);
        await RecentAsync(tap);
        slow.Lines.TryRead(out var next).ShouldBeTrue();
        (next!.Text, next.Dropped).ShouldBe(("after", 90));
        slow.TakeDropped().ShouldBe(0);
        await system.Terminate();
    }

    [Fact]
    public async Task A_sink_that_is_stuck_keeps_nobody_from_reading()
    {
        using var stuck = new ManualResetEventSlim();
        using var logs = new StuckLogs(stuck);
        var system = Start(logs);
        var speaker = Speaker(system, "drain");
        await speaker.Ask<string>("!into the stuck sink", Deadline);
        await speaker.Ask<string>("!behind it", Deadline);

        var lines = await RecentAsync(ActorLogDesk.Of(system).Tap!);

        lines.Select(static line => line.Text).ShouldContain("behind it");
        stuck.Set();
        await system.Terminate();
    }

    [Fact]
    [Trait("criterion", "X5")]
    public async Task What_looks_like_a_credential_is_not_shown()
    {
        using var logs = new RecordedLogs(AppLevel.Information);
        var system = Start(logs);
        var secret = Canary.Plant("line");
        var jwt = $"eyJhbGciOiJIUzI1NiJ9.{secret.Secret.Replace("-", "")}.c2ln";
        var speaker = Speaker(system, "drain");
        await speaker.Ask<string>($"!Authorization: Bearer {secret.Secret}", Deadline);
        await speaker.Ask<string>($"!GET https://me:{secret.Secret}@hub.test/x?access_token={secret.Secret}&n=1", Deadline);
        await speaker.Ask<string>($$"""!{"refresh_token": "{{secret.Secret}}", "code_verifier":"{{secret.Secret}}"}""", Deadline);
        await speaker.Ask<string>($"!{jwt}", Deadline);
        await speaker.Ask<string>(new InvalidOperationException($"token={secret.Secret}"), Deadline);

        var lines = await RecentAsync(ActorLogDesk.Of(system).Tap!);

        lines.Count(static line => line.Text.Contains("[redacted]")).ShouldBe(4);
        lines.ShouldContain(static line => line.Error != null && line.Error.Contains("token=[redacted]"));
        foreach (var line in lines)
        {
            secret.ShouldBeAbsentFrom(line.ToString(), "a line");
            line.ToString().ShouldNotContain(secret.Secret.Replace("-", ""));
        }

        await system.Terminate();
    }

    [Theory]
    [InlineData("/user/actorsync", "/user/actorsync/profiles/a", true)]
    [InlineData("/user/actorsync/", "/user/actorsync", true)]
    [InlineData("/user/actor", "/user/actorsync", false)]
    [InlineData("sync/drain", "/user/actorsync/profiles/a/sync/drain-bulk", false)]
    [InlineData("sync", "/user/actorsync/profiles/a/sync/drain", true)]
    [InlineData("profiles/a", "/user/actorsync/profiles/ab/sync", false)]
    [InlineData("a", "/user/actorsync/profiles/ab/a", true)]
    public void An_actor_is_named_by_its_path_or_by_names_in_it(string pattern, string path, bool matches) =>
        ActorPattern.TryParse(pattern)!.Matches(path).ShouldBe(matches);

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("a//b")]
    [InlineData("a b")]
    [InlineData("a\u001b[2J")]
    public void What_names_no_actor_is_refused(string pattern) => ActorPattern.TryParse(pattern).ShouldBeNull();

    [Fact]
    public void The_ring_is_bounded_by_lines_and_by_bytes()
    {
        var ring = new LogRing(100, 10_000);
        for (var i = 0; i < 1_000; i++)
        {
            ring.Add(new LogLine(i, default, AkkaLevel.InfoLevel, "/user/a", "A", new string('x', i % 7 == 0 ? 3_000 : 10), null));
            ring.Count.ShouldBeInRange(1, 100);
            ring.Bytes.ShouldBeLessThanOrEqualTo(10_000);
        }

        ring.Last(LineFilter.All, 2).Select(static line => line.Number).ShouldBe([998, 999]);
    }

    private static ActorSystem Start(Microsoft.Extensions.Logging.ILoggerFactory logs, string hocon = "") =>
        ActorSystem.Create("live-log", SyncOptionsReader.AkkaSetup(SyncOptionsReader.Read("data", hocon), logs));

    private static IActorRef Speaker(ActorSystem system, string name) => system.ActorOf(Props.Create(() => new SpeakingActor()), name);

    private static IActorRef Speaker(World world, string name) => Speaker(world.System, name);

    private static async Task<LogLine[]> RecentAsync(IActorRef tap) =>
        [.. (await tap.Ask<Recent>(replyTo => new GetRecent(LineFilter.All, 1_000, replyTo), Deadline, CancellationToken.None)).Lines];

    private static string[] Drain(LogFollower follower)
    {
        var lines = new List<string>();
        while (follower.Lines.TryRead(out var line))
        {
            lines.Add($"{line.Path} {line.Text}");
        }

        return [.. lines];
    }

    /// <summary>Says at Debug what it is told, and at Info what begins with '!'; answers when it has.</summary>
    private sealed class SpeakingActor : UntypedActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case string text when text.StartsWith('!'):
                    _log.Info("{Text}", text[1..]);
                    break;
                case string text:
                    _log.Debug("{Text}", text);
                    break;
                case Exception error:
                    _log.Error(error, "It failed");
                    break;
            }

            Sender.Tell("said");
        }
    }

    private sealed class StuckLogs(ManualResetEventSlim until)
        : Microsoft.Extensions.Logging.ILoggerFactory,
            Microsoft.Extensions.Logging.ILogger
    {
        public Microsoft.Extensions.Logging.ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(Microsoft.Extensions.Logging.ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(AppLevel logLevel) => logLevel >= AppLevel.Information;

        public void Log<TState>(
            AppLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => until.Wait();

        public void Dispose() { }
    }
}
