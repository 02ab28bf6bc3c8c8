using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.KillWriter;

/// <summary>The journal's parent, and what works on it. Dies with the journal.</summary>
internal sealed class Owner(string path, JournalSettings settings, JournalPort port, Report report, string what, int seed) : UntypedActor
{
    private const int EnqueuingCallers = 64;

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(cause =>
        {
            report.Line($"failed {cause.GetType().Name} {cause.Message.ReplaceLineEndings(" ")}");
            return Directive.Escalate;
        });

    protected override void PreStart() =>
        Context.ActorOf(JournalActor.Props(path, settings, SyncPlatform.Real(), new JournalStatistics(), stepRows: 300), "journal");

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JournalOpened:
                port.Up(Sender);
                report.Line("open");
                Work();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Work()
    {
        var ids = new OperationIdSource(TimeProvider.System, new SystemChance());
        switch (what)
        {
            case "enqueue":
                for (var caller = 0; caller < EnqueuingCallers; caller++)
                {
                    _ = Callers.EnqueueAsync(port, report, ids, caller, pause: false);
                }

                _ = Callers.EnqueueBatchesAsync(port, report, ids, seed, 37);
                break;
            case "drain":
                for (var caller = 0; caller < 4; caller++)
                {
                    _ = Callers.EnqueueAsync(port, report, ids, caller, pause: true);
                }

                foreach (var lane in Enum.GetValues<Lane>())
                {
                    Context.ActorOf(Props.Create(() => new Drainer(lane, port, report, seed + (int)lane)));
                }

                break;
            case "shift":
                Context.ActorOf(Props.Create(() => new Shifter(port, report, seed)));
                break;
        }
    }
}
