using System.Collections.Immutable;
using ActorSync.Host.Control;
using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Tests.Host;

/// <summary>A journal in memory that can be told to misbehave. Rows and marks are kept together, as the real one commits them.</summary>
internal sealed class MemoryDoor : IDoor
{
    private readonly Dictionary<OperationId, long> _known = [];
    private readonly Dictionary<string, long> _marks = [];
    private int _open;

    public List<NewOperation> Rows { get; } = [];

    public List<int> Batches { get; } = [];

    /// <summary>Asked before a batch is stored, with its number from 1: what it throws, the caller gets, and nothing is stored.</summary>
    public Action<int>? Before { get; set; }

    public bool IsHost { get; init; }

    public bool Drains { get; init; }

    public Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation) =>
        ask is SourceAsk { Source: var source } && new PositionAnswer(_marks.GetValueOrDefault(source)) is TAnswer answer
            ? Task.FromResult(answer)
            : throw new NotSupportedException(call.Name);

    public async Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    )
    {
        if (Interlocked.Increment(ref _open) != 1)
        {
            throw new InvalidOperationException("two batches at once: a later one could commit its mark although an earlier one failed");
        }

        await Task.Yield();
        try
        {
            Before?.Invoke(Batches.Count + 1);
            var accepted = ImmutableArray.CreateBuilder<Accepted>();
            foreach (var operation in operations)
            {
                var id = operation.OperationId!.Value;
                if (_known.TryGetValue(id, out var stamp))
                {
                    accepted.Add(new Accepted(id, stamp, Duplicate: true));
                    continue;
                }

                _known.Add(id, Rows.Count + 1);
                Rows.Add(operation);
                accepted.Add(new Accepted(id, Rows.Count, Duplicate: false));
            }

            Batches.Add(operations.Length);
            if (checkpoint is not null)
            {
                _marks[checkpoint.Source] = checkpoint.Position;
            }

            return accepted.ToImmutable();
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
