using System.Reflection;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Architecture;

public class SourceRuleTests
{
    private const int Slack = 20;

    [Fact]
    public void The_source_keeps_the_rules() =>
        Repository.Sources("src").SelectMany(path => SourceRules.Violations(path, Repository.Read(path))).ShouldBeEmpty();

    [Fact]
    public void Nothing_in_the_product_blocks_on_a_task() =>
        new[] { typeof(SyncRuntime).Assembly, Assembly.Load("ActorSync.Hub"), Assembly.Load("actorsync") }
            .SelectMany(assembly => SourceRules.BlockingCalls(TypeUses.Written(assembly)))
            .ShouldBeEmpty();

    [Fact]
    public void No_actor_asks() => SourceRules.AsksOfActors(TypeUses.Written(typeof(SyncRuntime).Assembly)).ShouldBeEmpty();

    [Fact]
    public void No_file_is_longer_than_300_lines_but_those_listed_and_they_only_shrink()
    {
        Approved.Renew("long-files.txt", now => TooLong().Select(file => $"{file.Value} {file.Key}").Prepend(now[0]));
        var allowed = Approved
            .Lines("long-files.txt")
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[1], parts => int.Parse(parts[0]), StringComparer.Ordinal);
        var now = TooLong();

        now.Where(file => file.Value > allowed.GetValueOrDefault(file.Key)).ShouldBeEmpty("split it");
        allowed
            .Where(file => now.GetValueOrDefault(file.Key) < file.Value - Slack)
            .ShouldBeEmpty("it has shrunk: lower or remove its line in long-files.txt");
    }

    [Fact]
    public void Notes_to_oneself_are_issues() =>
        Words.Texts().SelectMany(path => SourceRules.Notes(path, Repository.Read(path))).ShouldBeEmpty();

    [Theory]
    [InlineData("src/X.cs", "Task.Run(() => 1);")]
    [InlineData("src/X.cs", "var t = Task . Run(Do);")]
    [InlineData("src/X.cs", "System.Threading.Tasks.Task.Run(Do);")]
    [InlineData("src/X.cs", "Task.Factory.StartNew(Do);")]
    [InlineData("src/X.cs", "ThreadPool.QueueUserWorkItem(Do);")]
    [InlineData("src/X.cs", "var now = DateTime.UtcNow;")]
    [InlineData("src/X.cs", "var now = DateTimeOffset.Now;")]
    [InlineData("src/X.cs", "var w = Stopwatch.StartNew();")]
    [InlineData("src/X.cs", "var t = Environment.TickCount64;")]
    [InlineData("src/X.cs", "_timer = new Timer(Tick, null, 1, 1);")]
    [InlineData("src/X.cs", "using var t = new PeriodicTimer(TimeSpan.FromSeconds(1));")]
    [InlineData("src/X.cs", "var id = Guid.NewGuid();")]
    [InlineData("src/X.cs", "var r = new Random(1);")]
    [InlineData("src/X.cs", "var r = Random.Shared.Next();")]
    [InlineData("src/X.cs", "Thread.Sleep(1);")]
    [InlineData("src/X.cs", "await Task.Delay(100, stop);")]
    [InlineData("src/X.cs", "await Task.Delay(TimeSpan.FromSeconds(1), stop);")]
    [InlineData("src/X.cs", "ReceiveAsync<Ping>(OnPing);")]
    [InlineData("src/X.cs", "this.ReceiveAsync<Ping>(OnPing);")]
    [InlineData("src/X.cs", "new CircuitBreaker(scheduler, 1, a, b);")]
    [InlineData("src/X.cs", "BackoffSupervisor.Props(options);")]
    [InlineData("src/X.cs", "Backoff.OnFailure(props, name, a, b, 0.2, 3);")]
    [InlineData("src/X.cs", "new OneForOneStrategy(5, TimeSpan.FromMinutes(1), Decide);")]
    [InlineData("src/X.cs", "new OneForOneStrategy(maxNrOfRetries: 5,\n withinTimeRange: window, Decide);")]
    [InlineData("src/X/YActor.cs", "if (done) { Become(Idle); }")]
    [InlineData("src/X.cs", "#pragma warning disable CA1000")]
    public void A_planted_violation_is_found(string path, string code) =>
        SourceRules.Violations(path, $"namespace N;\n\n{code}\n").ShouldHaveSingleItem().ShouldStartWith($"{path}:3: ");

    [Theory]
    [InlineData("src/X.cs", "// Task.Run would be wrong here")]
    [InlineData("src/X.cs", "/* Thread.Sleep(1) */ Do();")]
    [InlineData("src/X.cs", "Log(\"DateTime.Now\");")]
    [InlineData("src/X.cs", "Log(@\"a \"\" Task.Run(\");")]
    [InlineData("src/X.cs", "Log(\"\"\" \"Task.Run(\" \"\"\");")]
    [InlineData("src/X.cs", "await Task.Delay(delay, time, stop);")]
    [InlineData("src/X.cs", "await Task.Delay(TimeSpan.FromSeconds(1), _time, stop);")]
    [InlineData("src/X.cs", "using var t = new PeriodicTimer(period, time);")]
    [InlineData("src/X.cs", "await socket.ReceiveAsync(buffer, stop);")]
    [InlineData("src/X.cs", "new OneForOneStrategy(Decide);")]
    [InlineData("src/X.cs", "var timer = new TimerThing();")]
    [InlineData("src/X/YActor.cs", "        Become(Idle);")]
    [InlineData("src/ActorSync/Platform/Clock.cs", "var now = DateTimeOffset.UtcNow;")]
    public void What_is_allowed_is_let_pass(string path, string code) =>
        SourceRules.Violations(path, $"namespace N;\n\n{code}\n").ShouldBeEmpty();

    [Fact]
    public void A_planted_blocking_call_is_found_and_an_await_is_none() =>
        SourceRules
            .BlockingCalls([typeof(Planted.CallsWhatBlocks)])
            .Select(line => line.Split(": ")[1].Split(' ')[0])
            .Order(StringComparer.Ordinal)
            .ShouldBe(["GetResult", "GetValueResult", "Result", "Wait"]);

    [Fact]
    public void A_planted_question_of_an_actor_is_found() => SourceRules.AsksOfActors([typeof(Planted.AsksActor)]).ShouldHaveSingleItem();

    [Fact]
    public void A_planted_note_is_found() => SourceRules.Notes("src/X.cs", "a\n// TO" + "DO later\n").ShouldBe(["src/X.cs:2: TO" + "DO"]);

    private static SortedDictionary<string, int> TooLong() =>
        new(
            Repository
                .Sources("src")
                .Concat(Repository.Sources("tests"))
                .Select(path => (Path: path, Lines: SourceRules.Lines(Repository.Read(path))))
                .Where(file => file.Lines > SourceRules.MaxLines)
                .ToDictionary(file => file.Path, file => file.Lines, StringComparer.Ordinal),
            StringComparer.Ordinal
        );
}
