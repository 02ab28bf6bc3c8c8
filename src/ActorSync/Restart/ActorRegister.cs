using System.Collections.Concurrent;
using Akka.Actor;

namespace ActorSync.Restart;

/// <summary>What the keepers of an actor system know about their children, for who looks from outside: nobody is asked, so it can be read while actors are stuck.</summary>
internal sealed class ActorRegister : IExtension
{
    private readonly ConcurrentDictionary<string, ChildView> _views = new(StringComparer.Ordinal);

    private ActorRegister() { }

    public static ActorRegister Of(ActorSystem system) => system.WithExtension<ActorRegister, Provider>();

    public void Report(ActorPath child, ChildView view) => _views[child.ToStringWithoutAddress()] = view;

    public ChildView? ViewOf(string path) => _views.GetValueOrDefault(path);

    /// <summary>Names of the children that an actor has or had.</summary>
    public IEnumerable<string> ChildrenOf(string path) =>
        from known in _views.Keys
        where known.Length > path.Length + 1 && known.StartsWith(path, StringComparison.Ordinal) && known[path.Length] == '/'
        let name = known[(path.Length + 1)..]
        where !name.Contains('/', StringComparison.Ordinal)
        select name;

    /// <summary>It and what was below it are gone for good.</summary>
    public void Forget(ActorPath child)
    {
        var path = child.ToStringWithoutAddress();
        foreach (var known in _views.Keys)
        {
            if (known.StartsWith(path, StringComparison.Ordinal) && (known.Length == path.Length || known[path.Length] == '/'))
            {
                _views.TryRemove(known, out _);
            }
        }
    }

    private sealed class Provider : ExtensionIdProvider<ActorRegister>
    {
        public override ActorRegister CreateExtension(ExtendedActorSystem system) => new();
    }
}
