using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Tasks.Sources;
using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Something that waits for the next group commit: its operations go into one transaction with those of others.</summary>
internal interface IGroupMember : IOpenCompletion
{
    int Count { get; }

    ReadOnlySpan<Intake> Operations { get; }

    SourceCheckpoint? Checkpoint { get; }

    /// <summary>All of it is on disk. The span is the caller's and is used again.</summary>
    void Store(ReadOnlySpan<Accepted> accepted);

    void Refuse(SyncException reason, int index);

    /// <summary>Goes with <see cref="FailIfOpen"/>; taken before the member is handed over.</summary>
    int Lease { get; }

    /// <summary>Nobody may ever answer it: fails it unless somebody has, or still does at the same time. What comes after that is not told.</summary>
    void FailIfOpen(int lease, Unavailable why);
}

/// <summary>One operation of a caller who awaits it: the request, its place in the group and the caller's completion in one pooled object.</summary>
internal sealed class EnqueueRequest : IGroupMember, IValueTaskSource<Accepted>
{
    private static readonly ConcurrentQueue<EnqueueRequest> Pool = new();
    private readonly Intake[] _operation = new Intake[1];
    private ManualResetValueTaskSourceCore<Accepted> _completion;

    // Odd while it waits for its answer. One that was failed late may still be in a mailbox and is not used again.
    private int _lease;
    private bool _isAbandoned;

    private EnqueueRequest() { }

    public int Count => 1;

    public ReadOnlySpan<Intake> Operations => _operation;

    public SourceCheckpoint? Checkpoint => null;

    public ValueTask<Accepted> Task => new(this, _completion.Version);

    public int Lease => Volatile.Read(ref _lease);

    /// <param name="asynchronously">False only in the simulation: the caller goes on within the reply.</param>
    public static EnqueueRequest Rent(in Intake operation, bool asynchronously)
    {
        var request = Pool.TryDequeue(out var used) ? used : new EnqueueRequest();
        request._completion.RunContinuationsAsynchronously = asynchronously;
        request._operation[0] = operation;
        request._lease++;
        return request;
    }

    public void Store(ReadOnlySpan<Accepted> accepted)
    {
        if (MayAnswer(Lease))
        {
            _completion.SetResult(accepted[0]);
        }
    }

    public void Refuse(SyncException reason, int index)
    {
        if (MayAnswer(Lease))
        {
            _completion.SetException(reason);
        }
    }

    public void Fail(Unavailable why)
    {
        if (MayAnswer(Lease))
        {
            _completion.SetException(new JournalUnavailableException(why.Reason, why.Remedy));
        }
    }

    public void FailIfOpen(int lease, Unavailable why)
    {
        if (MayAnswer(lease))
        {
            _isAbandoned = true;
            _completion.SetException(new JournalUnavailableException(why.Reason, why.Remedy));
        }
    }

    private bool MayAnswer(int lease) => (lease & 1) == 1 && Interlocked.CompareExchange(ref _lease, lease + 1, lease) == lease;

    Accepted IValueTaskSource<Accepted>.GetResult(short token)
    {
        try
        {
            return _completion.GetResult(token);
        }
        finally
        {
            _completion.Reset();
            _operation[0] = default;
            if (!_isAbandoned)
            {
                Pool.Enqueue(this);
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<Accepted>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<Accepted>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _completion.OnCompleted(continuation, state, token, flags);
}

/// <summary>Many operations of one caller, all or none, with the checkpoint of where they came from.</summary>
internal sealed class EnqueueBatchRequest(Intake[] operations, SourceCheckpoint? checkpoint, bool asynchronously) : IGroupMember
{
    private readonly TaskCompletionSource<ImmutableArray<Accepted>> _completion = new(
        asynchronously ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None
    );

    public int Count => operations.Length;

    public ReadOnlySpan<Intake> Operations => operations;

    public SourceCheckpoint? Checkpoint => checkpoint;

    public Task<ImmutableArray<Accepted>> Task => _completion.Task;

    public void Store(ReadOnlySpan<Accepted> accepted) => _completion.TrySetResult([.. accepted]);

    public void Refuse(SyncException reason, int index) => _completion.TrySetException(reason);

    public void Fail(Unavailable why) => _completion.TrySetException(new JournalUnavailableException(why.Reason, why.Remedy));

    public int Lease => 0;

    public void FailIfOpen(int lease, Unavailable why) => Fail(why);
}

/// <summary>The same for an actor that asks by message.</summary>
internal sealed class EnqueueManyMember(Intake[] operations, SourceCheckpoint? checkpoint, IActorRef replyTo) : IGroupMember
{
    public int Count => operations.Length;

    public ReadOnlySpan<Intake> Operations => operations;

    public SourceCheckpoint? Checkpoint => checkpoint;

    public void Store(ReadOnlySpan<Accepted> accepted) => replyTo.Tell(new Stored([.. accepted]), ActorRefs.NoSender);

    public void Refuse(SyncException reason, int index)
    {
        object answer = reason switch
        {
            JournalFullException full => new Full(full.Limit),
            InvalidOperationRefusedException invalid => new Refused(index, invalid.Field, invalid.Message),
            _ => new Unavailable(reason.Message, reason.Remedy),
        };
        replyTo.Tell(answer, ActorRefs.NoSender);
    }

    public void Fail(Unavailable why) => replyTo.Tell(why, ActorRefs.NoSender);

    public int Lease => 0;

    // Made by the journal from a message of its own: never handed over.
    public void FailIfOpen(int lease, Unavailable why) => Fail(why);
}
