using System.Collections.Concurrent;
using System.Reflection;
using ActorSync.Diagnostics;
using Akka.Actor;

namespace ActorSync.Tests.Architecture;

/// <summary>Who may look at whom: <c>Model &lt;- *Protocol &lt;- *State &lt;- *Actor &lt;- Runtime &lt;- Hosting/SyncRuntime &lt;- Host</c>.</summary>
internal enum Layer
{
    Model,

    /// <summary>Options, errors, and the edges of the process.</summary>
    Ground,

    Protocol,
    State,

    /// <summary>Adapters, ports and values of a concern.</summary>
    Part,

    Actor,
    Runtime,
    Facade,
}

internal static class Layers
{
    public static Layer Of(Type type) =>
        Folder(type) switch
        {
            "Model" => Layer.Model,
            "Platform" => Layer.Ground,
            "Hosting" => Layer.Facade,
            // Options, errors and reports are made of plain values; whatever reaches into a folder is the façade.
            "" => Mentions(type, used => Folder(used) is not ("" or "Model" or "Platform")) ? Layer.Facade : Layer.Ground,
            // What supervises and wires stands above the actors; budgets, backoff and the policy table are used by them.
            "Runtime" when Reaches(type, IsActor, []) => Layer.Runtime,
            _ when IsActor(type) => Layer.Actor,
            _ when type.Name.EndsWith("Protocol", StringComparison.Ordinal) => Layer.Protocol,
            _ when type.Name.EndsWith("State", StringComparison.Ordinal) && !type.IsEnum => Layer.State,
            _ => Layer.Part,
        };

    // The logger is an actor, and below everybody.
    private static bool IsActor(Type type) =>
        type.IsSubclassOf(typeof(ActorBase)) && type.Assembly != typeof(ActorBase).Assembly && type.Name != nameof(ActorLog);

    private static bool Mentions(Type type, Func<Type, bool> what) => Uses(type).Any(used => used.Assembly == type.Assembly && what(used));

    // Through types of its own folder only: a conversation may hold a reference to anything.
    private static bool Reaches(Type type, Func<Type, bool> what, HashSet<Type> seen) =>
        what(type)
        || (
            seen.Add(type)
            && !type.Name.EndsWith("Protocol", StringComparison.Ordinal)
            && Mentions(type, used => what(used) || (Folder(used) == Folder(type) && Reaches(used, what, seen)))
        );

    private static IReadOnlySet<Type> Uses(Type type) => Known.GetOrAdd(type, TypeUses.Of);

    private static readonly ConcurrentDictionary<Type, IReadOnlySet<Type>> Known = new();

    /// <summary>Each use that goes the wrong way, as a sentence.</summary>
    public static IEnumerable<string> Violations(IEnumerable<Type> types) =>
        from type in types
        let layer = Of(type)
        from used in Uses(type)
        let why = used.Assembly == type.Assembly ? Upward(layer, Of(used)) : Foreign(type, layer, used)
        where why is not null
        select $"{Name(type)} ({layer}) uses {Name(used)}: {why}";

    /// <summary>What a hub shares with the runtime.</summary>
    public static IEnumerable<string> HubViolations(IEnumerable<Type> hub, Assembly runtime) =>
        from type in hub
        from used in Uses(type)
        where used.Assembly == runtime && Folder(used) is not ("Model" or "Wire" or "Platform")
        select $"{Name(type)} uses {Name(used)}: the hub shares Model, Wire and Platform only";

    private static string? Upward(Layer from, Layer to) =>
        from switch
        {
            Layer.Model when to != Layer.Model => "the model knows nothing else",
            Layer.Ground when to is not (Layer.Model or Layer.Ground) && to != Layer.Part =>
                "options, errors and edges stand below everything else",
            Layer.Protocol when to is Layer.State => "what is said does not know how it is decided",
            _ when to > from && to > Layer.Part => $"{to} stands above",
            _ => null,
        };

    private static string? Foreign(Type type, Layer layer, Type used)
    {
        var space = used.Namespace ?? string.Empty;
        return layer switch
        {
            _ when Folder(type) is "Model" or "Wire" && space.StartsWith("Akka", StringComparison.Ordinal) =>
                "the hub uses this, and the hub has no actors",
            Layer.State when used == typeof(TimeProvider) || Impure.Any(impure => Within(space, impure)) =>
                "a state is pure: no clock, no IO, no log",
            Layer.Model when space.StartsWith("Microsoft", StringComparison.Ordinal) => "the model is plain .NET",
            _ => null,
        };
    }

    private static readonly string[] Impure =
    [
        "System.IO",
        "System.Net",
        "Akka.Event",
        "Microsoft.Data.Sqlite",
        "SQLitePCL",
        "Microsoft.Extensions.Logging",
    ];

    private static bool Within(string space, string of) => space == of || space.StartsWith(of + ".", StringComparison.Ordinal);

    // ActorSync.Journal.Sqlite is Journal; a planted type says its folder behind "Planted".
    private static string Folder(Type type)
    {
        var parts = (type.Namespace ?? string.Empty).Split('.');
        var planted = Array.IndexOf(parts, "Planted");
        var at = planted >= 0 ? planted + 1 : 1;
        return at < parts.Length ? parts[at] : string.Empty;
    }

    private static string Name(Type type) => type.FullName ?? type.Name;
}
