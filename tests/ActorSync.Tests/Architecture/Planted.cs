// Violations on purpose: each is what a rule must find.
#pragma warning disable MA0134, CA1823, CA1852, RCS1213, IDE0051, IDE0052, MA0048, SA1402
using ActorSync.Journal;
using Akka.Actor;

namespace ActorSync.Tests.Architecture.Planted
{
    internal sealed class LooksAtTheJournal
    {
        public static object Make() => new JournalProtocol.Full(1);
    }

    internal sealed class AsksActor : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Ask<object>(message, TimeSpan.FromSeconds(1)).PipeTo(Self);
    }

    internal static class CallsWhatBlocks
    {
        public static int Result(Task<int> task) => task.Result;

        public static void Wait(Task task) => task.Wait(TimeSpan.Zero);

        public static int GetResult(Task<int> task) => task.GetAwaiter().GetResult();

        public static int GetValueResult(ValueTask<int> task) => task.ConfigureAwait(false).GetAwaiter().GetResult();

        public static async Task<int> MayAwait(Task<int> task) => await task.ConfigureAwait(false);
    }
}

namespace ActorSync.Tests.Architecture.Planted.Model
{
    internal sealed class LooksAtAProtocol
    {
        public static Type Look() => typeof(Drain.PlantedProtocol);
    }
}

namespace ActorSync.Tests.Architecture.Planted.Wire
{
    internal sealed class LooksAtAkka
    {
        public IActorRef? Actor { get; init; }
    }
}

namespace ActorSync.Tests.Architecture.Planted.Drain
{
    internal static class PlantedProtocol
    {
        public sealed record Said(IActorRef ReplyTo);
    }

    internal sealed class PlantedState
    {
        public PlantedProtocol.Said? Last { get; init; }
    }

    internal sealed class PlantedActor : UntypedActor
    {
        private readonly PlantedState _state = new();

        protected override void OnReceive(object message) => Unhandled(_state.Last ?? message);
    }

    internal static class LooksAtAStateProtocol
    {
        public sealed record Said(PlantedState State);
    }

    internal sealed class LooksAtAnActorState
    {
        public static string Name() => nameof(PlantedActor) + typeof(PlantedActor).Name;
    }

    internal sealed class ReadsTheClockState
    {
        public static DateTimeOffset Now(TimeProvider time) => time.GetUtcNow();
    }

    internal sealed class ReadsAFileState
    {
        public static bool Has(string path)
        {
            var there = File.Exists(path);
            return there;
        }
    }

    internal sealed class HidesTheActorInALambda
    {
        public static Func<object> Make(int count) => () => Enumerable.Range(0, count).Select(_ => Props.Create<PlantedActor>()).ToList();
    }

    internal sealed class LooksAtTheRuntimeActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(typeof(Runtime.PlantedSupervisor));
    }
}

namespace ActorSync.Tests.Architecture.Planted.Runtime
{
    internal sealed class PlantedSupervisor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    internal sealed class LooksAtHosting
    {
        public static Type Look() => typeof(Hosting.PlantedHosting);
    }
}

namespace ActorSync.Tests.Architecture.Planted.Hosting
{
    internal sealed class PlantedHosting;
}
