using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Akka.Actor;

namespace ActorSync.Tests.Architecture;

/// <summary>The rules of the source, each with what to do instead.</summary>
internal static partial class SourceRules
{
    public const int MaxLines = 300;

    private static readonly Rule[] Rules =
    [
        new(@"\bTask\s*\.\s*Run\s*\(|\bTask\s*\.\s*Factory\b|\bThreadPool\b", "send a message to an actor, or go through a port"),
        new(@"\bDateTime(Offset)?\s*\.\s*(Utc)?Now\b|\bDateTime\s*\.\s*Today\b", "take the time from the injected TimeProvider"),
        new(@"\bStopwatch\b", "use TimeProvider.GetTimestamp and GetElapsedTime"),
        new(@"\bEnvironment\s*\.\s*TickCount", "use TimeProvider.GetTimestamp"),
        new(@"\bnew\s+(System\.Threading\.)?Timer\s*\(|\bPeriodicTimer\s*\(\s*[^,)]*\)", "use IWithTimers, or a timer of the TimeProvider"),
        new(@"\bGuid\s*\.\s*(NewGuid|CreateVersion7)\b", "ask the injected OperationIdSource or IChance"),
        new(@"\bnew\s+Random\b|\bRandom\s*\.\s*Shared\b|\bRandom\s+\w+\s*=\s*new\b", "take chance from the injected IChance"),
        new(@"\bThread\s*\.\s*Sleep\b", "use a timer"),
        new(@"\bTask\s*\.\s*Delay\s*\((?![^;]*([Tt]ime(?!Span|out)|[Cc]lock))", "give Task.Delay the TimeProvider"),
        // Of the actor itself: a socket has a method of that name, too.
        new(
            @"(?<!\w\s*\.\s*)\bReceiveAsync\b|\b(this|base)\s*\.\s*ReceiveAsync\b|\bRunTask\s*\(",
            "PipeTo the answer: an actor that awaits is deaf"
        ),
        new(
            @"\bCircuitBreaker\b|\bBackoffSupervisor\b|\bBackoff(Opts|Options)?\s*\.\s*On(Stop|Failure)\b",
            "its clock is not virtual; keep a budget as state"
        ),
        new(@"\b(OneForOne|AllForOne)Strategy\s*\([^;]*\b(within\w*|TimeSpan)\b", "its window is real time; keep a budget as state"),
        new(@"\bActorSelection\s*\(\s*""", "hold an IActorRef"),
        new(@"\bThread\s*\.\s*CurrentThread\s*\.\s*Abort\b|\bGC\s*\.\s*Collect\s*\(", "nothing in the product steers the runtime"),
        // A state changes only where one sees it.
        new(@"(?m)^(?!\s*Become\w*\().*\S.*\bBecome(Stacked)?\s*\(", "begin the line with Become(", @"Actor\.cs$|/Runtime/"),
        new(
            @"(?m)^[ \t]*#[ \t]*pragma[ \t]+warning[ \t]+disable|\bSuppressMessage\b",
            "follow the rule, or change it in .editorconfig with its reason"
        ),
    ];

    private static readonly string[] Blocking = ["System.Threading.Tasks.Task", "System.Threading.Tasks.ValueTask"];

    /// <summary>Each line of a file that breaks a rule: <c>path:line: text; do this instead</c>.</summary>
    public static IEnumerable<string> Violations(string path, string source)
    {
        // The one folder that makes time and chance from the machine's own.
        if (path.StartsWith("src/ActorSync/Platform/", StringComparison.Ordinal))
        {
            return [];
        }

        var code = CodeText.Of(source);
        return from rule in Rules
            where Regex.IsMatch(path, rule.Files)
            from match in Regex.Matches(code, rule.Pattern)
            select $"{path}:{code.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value.Trim()}; {rule.Instead}";
    }

    /// <summary>Notes to oneself, in prose and code alike; they belong into an issue.</summary>
    public static IEnumerable<string> Notes(string path, string text) =>
        Note().Matches(text).Select(match => $"{path}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}");

    public static int Lines(string source) => source.AsSpan().TrimEnd('\n').Count('\n') + 1;

    /// <summary>Calls that block a thread on a task; an await is none.</summary>
    public static IEnumerable<string> BlockingCalls(IEnumerable<Type> types) =>
        from type in types
        from call in TypeUses.Calls(type)
        where Blocks(call.Called) && !IsAwait(call.Caller, call.Called)
        select $"{type.FullName}: {call.Caller.Name} calls {call.Called.DeclaringType!.Name}.{call.Called.Name}";

    /// <summary>Actors that ask: only the façade, the control endpoint and tests do. In an actor the answer comes as a message.</summary>
    public static IEnumerable<string> AsksOfActors(IEnumerable<Type> types) =>
        from type in types
        where type.IsSubclassOf(typeof(ActorBase))
        from call in TypeUses.Calls(type)
        where call.Called.Name == nameof(Futures.Ask) && call.Called.DeclaringType == typeof(Futures)
        select $"{type.FullName}: {call.Caller.Name} asks";

    private static bool Blocks(MethodBase called)
    {
        var owner = called.DeclaringType!;
        var name = owner.FullName?.Split('`', '[')[0] ?? string.Empty;
        return called.Name switch
        {
            "get_Result" or "Wait" or "WaitAll" or "WaitAny" => Blocking.Contains(name),
            "GetResult" => owner.Namespace == "System.Runtime.CompilerServices" && owner.Name.Contains("Awaiter", StringComparison.Ordinal),
            _ => false,
        };
    }

    private static bool IsAwait(MethodBase caller, MethodBase called) =>
        called.Name == "GetResult" && typeof(IAsyncStateMachine).IsAssignableFrom(caller.DeclaringType);

    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK|XX" + @"X)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Note();

    /// <param name="Files">Which paths it holds for.</param>
    private sealed record Rule(string Pattern, string Instead, string Files = "");
}
