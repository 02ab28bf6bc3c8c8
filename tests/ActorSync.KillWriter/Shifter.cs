using ActorSync.Journal;
using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.KillWriter;

/// <summary>Blocks of operations with a shift of all stamps after each.</summary>
internal sealed class Shifter(JournalPort port, Report report, int seed) : UntypedActor
{
    private const int Block = 700;

    private readonly Random _random = new(seed);
    private int _block;
    private long _clock;

    protected override void PreStart() => Enqueue();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Stored stored:
                foreach (var accepted in stored.Accepted)
                {
                    report.Line($"A {accepted.OperationId} {accepted.Lamport}");
                }

                _clock = stored.Accepted[^1].Lamport;
                Shift();
                break;
            case Recovered recovered:
                report.Line($"R {recovered.Clock} {recovered.Delta}");
                _clock = recovered.Clock;
                if (_random.Next(3) == 0)
                {
                    Enqueue();
                }
                else
                {
                    Shift();
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Enqueue()
    {
        _block++;
        var operations = Enumerable.Range(0, Block).Select(i => Callers.Operation($"block {seed} {_block}", $"{i}", (Lane)(i % 2)));
        port.Tell(new EnqueueMany([.. operations], null, Self));
    }

    private void Shift()
    {
        var storedMax = _clock + 1 + _random.Next(1000);
        report.Line($"r {storedMax}");
        port.Tell(new RecoverFromRegression(storedMax, Self));
    }
}
