using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Who awaits which operation's end.</summary>
internal sealed class Receipts(JournalQueries queries)
{
    private readonly Dictionary<OperationId, List<IActorRef>> _awaited = [];

    /// <summary>What reached its end in the transaction under way; told after its commit.</summary>
    public List<Settled> Settled { get; } = [];

    public void Await(AwaitReceipt receipt)
    {
        var row = queries.Find(receipt.Operation);
        switch (row?.State)
        {
            case RowState.Pending or RowState.Parked:
                if (!_awaited.TryGetValue(receipt.Operation, out var waiting))
                {
                    _awaited.Add(receipt.Operation, waiting = []);
                }

                if (!waiting.Contains(receipt.ReplyTo))
                {
                    waiting.Add(receipt.ReplyTo);
                }

                break;
            case RowState.Acked:
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, ReceiptState.Acked, null));
                break;
            case RowState.Dead:
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, ReceiptState.Dead, row.LastError));
                break;
            default:
                var reason = queries.DiscardReason(receipt.Operation);
                var state = reason is null ? ReceiptState.Unknown : ReceiptState.Discarded;
                receipt.ReplyTo.Tell(new ReceiptKnown(receipt.Operation, state, reason));
                break;
        }
    }

    public void TellCommitted()
    {
        if (_awaited.Count > 0)
        {
            foreach (var (operation, state, error) in Settled)
            {
                if (_awaited.Remove(operation, out var waiting))
                {
                    waiting.ForEach(one => one.Tell(new ReceiptKnown(operation, state, error)));
                }
            }
        }

        Settled.Clear();
    }

    /// <summary>Who asked does not wait any more.</summary>
    public void Forget(ForgetReceipt receipt)
    {
        if (_awaited.TryGetValue(receipt.Operation, out var waiting) && waiting.Remove(receipt.Asker) && waiting.Count == 0)
        {
            _awaited.Remove(receipt.Operation);
        }
    }

    /// <summary>The queue was cleared: nobody will settle what is awaited and not there any more.</summary>
    public void TellCleared()
    {
        foreach (var operation in _awaited.Keys.Where(operation => queries.Find(operation) is null).ToList())
        {
            _awaited.Remove(operation, out var waiting);
            waiting!.ForEach(one => one.Tell(new ReceiptKnown(operation, ReceiptState.Discarded, "the queue was cleared")));
        }
    }

    /// <summary>The journal goes away: the askers ask the next one.</summary>
    public void Fail(Unavailable why)
    {
        foreach (var waiting in _awaited.Values)
        {
            waiting.ForEach(one => one.Tell(why, ActorRefs.NoSender));
        }

        _awaited.Clear();
    }
}
