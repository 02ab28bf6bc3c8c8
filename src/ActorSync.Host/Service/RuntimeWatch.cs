using Akka.Actor;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Host.Service;

/// <summary>Hears when the last profile has failed: a host that can do nothing more ends, and says so with its exit code.</summary>
internal sealed class RuntimeWatch : UntypedActor
{
    private readonly TaskCompletionSource<RuntimeFailed> _failed;

    public RuntimeWatch(TaskCompletionSource<RuntimeFailed> failed) => _failed = failed;

    /// <summary>Completes when the runtime has failed for good; never, when it does not.</summary>
    public static Task<RuntimeFailed> FailureOf(ActorSystem system)
    {
        var failed = new TaskCompletionSource<RuntimeFailed>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new RuntimeWatch(failed)), "host-watch");
        return failed.Task;
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(RuntimeFailed));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RuntimeFailed failed:
                _failed.TrySetResult(failed);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
