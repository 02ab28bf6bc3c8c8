using ActorSync.TestKit;
using Akka.Actor;

namespace ActorSync.Tests.TestKit;

/// <summary>A small world with the fault that earlier systems shipped: a late 401 for an old token wipes the fresh one.</summary>
internal static class StaleAnswer
{
    public static Outcome Play(int seed, Interleaving interleaving, bool planted)
    {
        using var world = new World(seed, interleaving);
        var hub = new Hub(world);
        var keeper = world.System.ActorOf(Props.Create(() => new Keeper(world, hub, planted)), "keeper");
        for (var i = 0; i < 2; i++)
        {
            var name = $"worker-{i}";
            world.System.ActorOf(Props.Create(() => new Worker(world, hub, keeper)), name);
        }

        world.At(TimeSpan.FromMilliseconds(700 + world.Random.Next(400)), () => hub.Valid++);
        world.Run(TimeSpan.FromSeconds(3));
        return new Outcome(world.Digest, world.Strays, hub.FreshTokenWiped);
    }

    internal sealed record Outcome(string Digest, int Strays, bool FreshTokenWiped);

    private sealed class Hub(World world)
    {
        public int Valid { get; set; } = 1;

        public bool FreshTokenWiped { get; set; }

        public Task<bool> Call(int generation)
        {
            var done = new TaskCompletionSource<bool>();
            world.At(
                Latency(),
                () =>
                {
                    var ok = generation >= Valid;
                    world.At(Latency(), () => done.SetResult(ok));
                }
            );
            return done.Task;
        }

        public Task<int> Refresh()
        {
            var done = new TaskCompletionSource<int>();
            world.At(Latency(), () => done.SetResult(Valid));
            return done.Task;
        }

        private TimeSpan Latency() => TimeSpan.FromTicks(world.Random.NextInt64(1, 200 * TimeSpan.TicksPerMillisecond));
    }

    private sealed class Keeper(World world, Hub hub, bool planted) : UntypedActor
    {
        private int _generation = 1;
        private bool _refreshing;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Refused refused when refused.Generation < _generation && !planted:
                    break;
                case Refused refused:
                    hub.FreshTokenWiped |= refused.Generation < _generation;
                    if (!_refreshing)
                    {
                        _refreshing = true;
                        _ = hub.Refresh().PipeTo(Self);
                    }

                    break;
                case int fresh:
                    (_generation, _refreshing) = (fresh, false);
                    world.Trace.Add($"generation {fresh}");
                    break;
                default:
                    Sender.Tell(new Token(_generation));
                    break;
            }
        }
    }

    private sealed class Worker(World world, Hub hub, IActorRef keeper) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Next();

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "next":
                    keeper.Tell("token?");
                    break;
                case Token token:
                    _ = hub.Call(token.Generation).PipeTo(Self, success: ok => new Answer(token.Generation, ok));
                    break;
                case Answer answer:
                    world.Trace.Add($"{Self.Path.Name} {answer}");
                    if (!answer.Ok)
                    {
                        keeper.Tell(new Refused(answer.Generation));
                    }

                    Next();
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private void Next() => Timers.StartSingleTimer("next", "next", TimeSpan.FromMilliseconds(world.Random.Next(1200)));
    }

    private sealed record Token(int Generation);

    private sealed record Refused(int Generation);

    private sealed record Answer(int Generation, bool Ok);
}
