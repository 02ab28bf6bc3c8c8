using Akka.Actor;
using static ActorSync.Journal.InboundProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Carries out what the puller asks of the journal, and what settles whose replica this is. On the actor's thread, part of the actor.</summary>
/// <remarks>What changes the replica goes in turn with the jobs: somebody may be reading it in steps.</remarks>
internal sealed class InboundDesk(JournalStore store, Receipts receipts, JournalJobs jobs, Action freed)
{
    private readonly PullCursor _cursor = store.Cursor;

    /// <summary>False: not one of ours.</summary>
    public bool TryCarryOut(IJournalCommand command)
    {
        switch (command)
        {
            case OpenPull open:
                jobs.Start(Open(open), open);
                break;
            case ApplyPage page:
                jobs.Start(Once(() => Apply(page)), page);
                break;
            case BeginSnapshot begin:
                jobs.Start(Begin(begin), begin);
                break;
            case MergeSnapshot merge:
                jobs.Start(Merge(merge), merge);
                break;
            case SkipSnapshot skip:
                jobs.Start(Once(() => Skip(skip)), skip);
                break;
            case ReadRelay read:
                jobs.Start(Once(() => Read(read)), read);
                break;
            case SettleRelay settle:
                Settle(settle);
                break;
            case PatchSettings patch:
                Patch(patch);
                break;
            case ListConflicts list:
                list.ReplyTo.Tell(new InboundProtocol.Conflicts(store.Conflicts.List(list.BelowId, list.Limit)));
                break;
            case ListQuarantine list:
                list.ReplyTo.Tell(new Quarantined(store.Conflicts.ListSetAside(list.Limit)));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Another account's replica was on its way out when the journal was last closed.</summary>
    public void GoOnForgetting()
    {
        if (_cursor.IsForgetting)
        {
            jobs.Start(store.Accounts.Forget(), null);
        }
    }

    private void Patch(PatchSettings patch)
    {
        var isOther = store.Accounts.Patch(patch.Patch);
        patch.ReplyTo.Tell(store.Queries.ReadSettings());
        if (isOther)
        {
            jobs.Start(store.Accounts.Forget(), null);
        }
    }

    private IEnumerable<JournalStep> Open(OpenPull open)
    {
        if (store.Accounts.IsOther(open.Binding))
        {
            store.Tables.Write(store.Accounts.Begin);
            foreach (var step in store.Accounts.Forget())
            {
                yield return step;
            }
        }

        if (_cursor.Binding != open.Binding)
        {
            store.Tables.Write(() => _cursor.Bind(open.Binding));
        }

        if (open.OfferAgain)
        {
            store.Tables.Write(store.Relay.OfferAgain);
        }

        Reply(open, open.Pass);
    }

    private void Apply(ApplyPage page)
    {
        if (!IsOf(page.Binding) || _cursor.Position != page.From || _cursor.NeedsSnapshot)
        {
            Reply(page, page.Pass);
            return;
        }

        (int Applied, int Quarantined) counts = default;
        store.Tables.Write(() =>
        {
            counts = store.Inbound.Apply(page.Operations, receipts.Settled);
            _cursor.Move(page.LastId, page.Head);
        });
        store.ForgetKeysOfEmptyLanes();
        Reply(page, page.Pass, counts.Applied, counts.Quarantined);
        receipts.TellCommitted();
        if (store.Inbound.Freed > 0 || store.Aside.IsFreeing)
        {
            freed();
        }
    }

    private IEnumerable<JournalStep> Begin(BeginSnapshot begin)
    {
        // From here on no ack of before counts; what was acked so far is in the replica when the comparison begins.
        if (IsOf(begin.Binding))
        {
            store.Tables.Write(_cursor.Doubt);
        }

        while (store.Folding.Fold(store.Tables.Settings.FoldOperations))
        {
            yield return JournalStep.More;
        }

        store.SnapshotMerge.Begin();
        Reply(begin, begin.Pass);
    }

    private IEnumerable<JournalStep> Merge(MergeSnapshot merge)
    {
        // Between two steps another account may have come.
        using var steps = store.SnapshotMerge.Merge(merge.Rows, merge.End, _cursor).GetEnumerator();
        while (IsOf(merge.Binding) && steps.MoveNext())
        {
            yield return steps.Current;
        }

        Reply(merge, merge.Pass, IsOf(merge.Binding) ? merge.Rows.Length : 0);
    }

    private void Skip(SkipSnapshot skip)
    {
        if (IsOf(skip.Binding))
        {
            store.Tables.Write(_cursor.ReadFromTheBeginning);
        }

        Reply(skip, skip.Pass);
    }

    private void Read(ReadRelay read)
    {
        var batch = IsOf(read.Binding) ? store.Relay.Read(read.MaxOperations, read.MaxBytes) : null;
        read.ReplyTo.Tell(new RelayRead(read.Pass, batch));
    }

    private void Settle(SettleRelay settle)
    {
        if (HistoryProof.Holds(settle.Batch, settle.Result, store.Tables.Row))
        {
            store.Tables.Write(() =>
            {
                store.Relay.Settle(settle.Batch, settle.Result);
                store.Believe(settle.Result);
            });
        }

        Reply(settle, settle.Pass);
    }

    private void Reply(IJournalCommand command, long pass, int applied = 0, int quarantined = 0)
    {
        ref var row = ref store.Tables.Row;
        var place = new PullPlace(
            _cursor.Position,
            _cursor.Head,
            row.HubLastId,
            row.HubHead,
            _cursor.NeedsSnapshot,
            store.Relay.HasAny,
            store.Tables.Device
        );
        command.ReplyTo.Tell(new PullStands(pass, place, applied, quarantined));
    }

    private bool IsOf(string binding) => _cursor.Binding == binding;

    private static IEnumerable<JournalStep> Once(Action work)
    {
        work();
        yield break;
    }
}
