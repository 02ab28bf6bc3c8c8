using System.Collections.Immutable;
using System.Reflection;
using ActorSync.Diagnostics;
using Akka.Actor;

namespace ActorSync.Restart;

/// <summary>One actor as it is at this moment.</summary>
/// <param name="State">The name of the method that takes its messages (<c>Running</c>, <c>Paused</c>, …); <c>running</c> when it has one only; <c>starting</c>, <c>stopping</c>, <c>backing_off</c>, <c>stopped</c>.</param>
/// <param name="Restarts">Its failures since its parent started; null when nobody keeps count.</param>
/// <param name="Mailbox">Messages that wait for it; null when it is down.</param>
/// <param name="NextTry">When it is made again.</param>
internal sealed record ActorNode(
    string Path,
    string State,
    int? Restarts,
    int? Mailbox,
    string? LastError,
    DateTimeOffset? NextTry,
    ImmutableArray<ActorNode> Children
)
{
    public IEnumerable<ActorNode> All => Children.SelectMany(static child => child.All).Prepend(this);
}

/// <summary>Reads the live tree from outside. No actor is asked, so it shows also what is stuck.</summary>
internal static class ActorTree
{
    /// <summary>The actor and all below it; null when it is not there.</summary>
    public static ActorNode? Read(ActorSystem system, string path)
    {
        var root = ((ExtendedActorSystem)system).Provider.ResolveActorRef($"akka://{system.Name}{path}");
        return root is ActorRefWithCell actor ? Read(actor, ActorRegister.Of(system)) : null;
    }

    private static ActorNode Read(ActorRefWithCell actor, ActorRegister register)
    {
        var path = actor.Path.ToStringWithoutAddress();
        var live = actor.Children.OfType<ActorRefWithCell>().Select(child => Read(child, register)).ToList();
        var down =
            from name in register.ChildrenOf(path)
            let below = $"{path}/{name}"
            where !live.Exists(child => child.Path == below)
            select Down(below, register.ViewOf(below));
        var (cell, view) = (actor.Underlying, register.ViewOf(path));
        return new ActorNode(
            path,
            cell.IsTerminated ? "stopping" : StateOf(cell),
            view?.Restarts,
            cell.NumberOfMessages,
            Shown(view?.LastError),
            NextTry: null,
            [.. live.Concat(down).OrderBy(child => child.Path, StringComparer.Ordinal)]
        );
    }

    private static ActorNode Down(string path, ChildView? view) =>
        new(
            path,
            view?.NextTry is null ? "stopped" : "backing_off",
            view?.Restarts,
            Mailbox: null,
            Shown(view?.LastError),
            view?.NextTry?.Wall,
            []
        );

    private static string? Shown(string? error) => error is null ? null : RemoteText.Clean(SecretText.Redact(error));

    // Akka shows nobody which behaviour an actor has; it is in the cell's private state. Where that should be otherwise, it is just running.
    private static readonly FieldInfo? Behaviours = typeof(ActorCell).GetField("_state", BindingFlags.Instance | BindingFlags.NonPublic);
    private static readonly MethodInfo? Current = Behaviours?.FieldType.GetMethod("GetCurrentBehavior");

    private static string StateOf(ICell cell)
    {
        if (cell is not ActorCell)
        {
            return "starting";
        }

        var behaviour = Behaviours?.GetValue(cell) is { } state ? Current?.Invoke(state, null) as Delegate : null;

        // Become wraps the actor's method into a closure.
        var inner = behaviour
            ?.Target?.GetType()
            .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(static field => field.FieldType == typeof(UntypedReceive))
            .Select(field => field.GetValue(behaviour.Target))
            .OfType<UntypedReceive>()
            .FirstOrDefault();
        return inner?.Method.Name is { } name && char.IsAsciiLetter(name[0]) ? name : "running";
    }
}
