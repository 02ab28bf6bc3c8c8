using Akka;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>Makes a clean stop part of the actor system's own: a system that is shut down by its host drains and closes the journals first.</summary>
internal static class ShutdownHook
{
    /// <param name="stop">The façade's own stop, which does nothing the second time.</param>
    public static void Add(ActorSystem system, Func<Task> stop) =>
        CoordinatedShutdown
            .Get(system)
            .AddTask(
                CoordinatedShutdown.PhaseBeforeServiceUnbind,
                "actorsync-stop",
                async () =>
                {
                    await stop().ConfigureAwait(false);
                    return Done.Instance;
                }
            );
}
