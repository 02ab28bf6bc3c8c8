using Microsoft.Extensions.Logging;

namespace ActorSync.Hub.Store;

/// <summary>The store cannot answer now: its disk, its file, or too many callers. Answered as 503.</summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The one thread that owns the store. Calls that arrive while a transaction is being written gather for the next one and are committed together;
/// each is answered after that commit. Between groups it folds, and goes on with long work a piece at a time.
/// </summary>
internal sealed class StoreThread : IAsyncDisposable
{
    private const int MostInGroup = 64;
    private const int FoldPiece = 500;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);

    private readonly HubOptions _options;
    private readonly ILogger _log;
    private readonly StoreFile _file;
    private readonly object _gate = new();
    private readonly Queue<StoreCall> _calls = new();
    private readonly Queue<LongCall> _long = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private HubStore? _store;
    private bool _stopping;
    private bool _mayFold = true;
    private bool _quiet;

    /// <exception cref="HubException">The folder or the file cannot be used.</exception>
    public StoreThread(HubOptions options)
    {
        _options = options;
        _log = options.Logs.CreateLogger<StoreThread>();
        _file = StoreFile.Take(options.DataDirectory);
        try
        {
            _store = HubStore.Open(_file, options);
        }
        catch (SqlFault fault)
        {
            _file.Dispose();
            throw new HubException(
                "hub_path",
                $"'{_file.Path}' cannot be opened: {fault.Message}",
                "free the disk or correct its rights",
                fault
            );
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        _thread = new Thread(Own) { IsBackground = true, Name = "hub-store" };
        _thread.Start();
    }

    /// <summary>Runs a piece of work inside the next group's transaction; completes when that is durable.</summary>
    /// <remarks>The work may run twice: alone, after another call of its group threw.</remarks>
    /// <exception cref="StoreUnavailableException">Nothing of it was kept.</exception>
    public Task<T> RunAsync<T>(Func<HubStore, T> work)
    {
        var call = new StoreCall<T>(work);
        Enqueue(_calls, call);
        return call.Task;
    }

    /// <summary>Runs work that comes in pieces, each in a transaction of its own, with other calls between them.</summary>
    public Task<T> RunLongAsync<T>(ILongWork<T> work)
    {
        var call = new LongCall<T>(work);
        Enqueue(_long, call);
        return call.Task;
    }

    /// <summary>Told of commits, after their callers. Set once, before the first call.</summary>
    public ICommitWatcher? Watcher { get; set; }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        await _ended.Task;
    }

    private void Enqueue<TCall>(Queue<TCall> queue, TCall call)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                throw new StoreUnavailableException("the hub is stopping");
            }

            if (queue.Count >= _options.Limits.WaitingCalls)
            {
                throw new StoreUnavailableException("too many calls are waiting");
            }

            queue.Enqueue(call);
            Monitor.Pulse(_gate);
        }
    }

    private void Own()
    {
        var group = new List<StoreCall>(MostInGroup);
        while (Next(group, out var piece))
        {
            if (group.Count > 0)
            {
                Commit(group);
                group.Clear();
            }

            if (piece is not null)
            {
                Advance(piece);
            }
            else if (_quiet)
            {
                Fold();
            }
        }

        Close();
        _file.Dispose();
        _ended.SetResult();
    }

    /// <summary>Waits for something to do. False when the thread shall end.</summary>
    private bool Next(List<StoreCall> group, out LongCall? piece)
    {
        lock (_gate)
        {
            piece = null;
            while (_calls.Count == 0 && _long.Count == 0)
            {
                if (_stopping)
                {
                    return false;
                }

                // Once it has been quiet for a moment, folding goes on until a call comes.
                _quiet = _mayFold && (_quiet || !Monitor.Wait(_gate, Quiet));
                if (_quiet)
                {
                    return true;
                }

                if (!_mayFold)
                {
                    Monitor.Wait(_gate);
                }
            }

            _quiet = false;
            while (group.Count < MostInGroup && _calls.TryDequeue(out var call))
            {
                group.Add(call);
            }

            _long.TryPeek(out piece);
            return true;
        }
    }

    private void Commit(List<StoreCall> group)
    {
        CommitNews? news;
        try
        {
            var store = Reopen();
            store.Begin();
            foreach (var call in group)
            {
                call.Execute(store);
            }

            news = store.Commit();
            _mayFold = true;
        }
        catch (Exception e)
        {
            Close();
            if (e is not SqlFault && group.Count > 1)
            {
                // One call is at fault: each gets its own transaction, so that only that one fails.
                foreach (var call in group)
                {
                    Commit([call]);
                }

                return;
            }

            var answer = Unavailable(e);
            foreach (var call in group)
            {
                call.Fail(answer);
            }

            return;
        }

        foreach (var call in group)
        {
            call.Complete();
        }

        if (news is not null)
        {
            Watcher?.Committed(news);
        }
    }

    private void Advance(LongCall call)
    {
        var done = false;
        try
        {
            var store = Reopen();
            store.Begin();
            done = call.Advance(store);
            store.Commit();
            if (done)
            {
                call.Complete();
            }
        }
        catch (Exception e)
        {
            Close();
            call.Fail(Unavailable(e));
            done = true;
        }

        if (done)
        {
            lock (_gate)
            {
                _long.Dequeue();
            }
        }
    }

    private void Fold()
    {
        try
        {
            var store = Reopen();
            store.Begin();
            _mayFold = store.FoldSome(FoldPiece);
            store.Commit();
        }
        catch (Exception e)
        {
            Close();
            _mayFold = false;
            Unavailable(e);
        }
    }

    private HubStore Reopen() => _store ??= HubStore.Open(_file, _options);

    // A transaction that was open is rolled back with the connection.
    private void Close()
    {
        _store?.Dispose();
        _store = null;
    }

    private Exception Unavailable(Exception e)
    {
        if (e is SqlFault or HubException)
        {
            _log.LogError(e, "The store failed; it is closed and opened again with the next call");
            return new StoreUnavailableException("the hub's store cannot be used now", e);
        }

        return e;
    }
}
