using ActorSync.Hub.Store;

namespace ActorSync.Hub.Sockets;

/// <summary>Knows the open sockets of each account, wakes them after a commit, and looks again whether they may stay when something was switched off.</summary>
internal sealed class SocketDesk(StoreThread store) : ICommitWatcher
{
    private readonly Dictionary<long, HashSet<WakeSocket>> _sockets = [];
    private readonly Lock _gate = new();
    private bool _stopping;

    /// <summary>May be done again.</summary>
    public void Add(long account, WakeSocket socket)
    {
        lock (_gate)
        {
            if (!_sockets.TryGetValue(account, out var sockets))
            {
                sockets = _sockets[account] = [];
            }

            sockets.Add(socket);
            if (_stopping)
            {
                socket.Close(Closing.Stopping);
            }
        }
    }

    /// <summary>Also one that never came to be added.</summary>
    public void Remove(long account, WakeSocket socket)
    {
        lock (_gate)
        {
            if (_sockets.TryGetValue(account, out var sockets) && sockets.Remove(socket) && sockets.Count == 0)
            {
                _sockets.Remove(account);
            }
        }
    }

    public void Committed(CommitNews news)
    {
        lock (_gate)
        {
            foreach (var end in news.Ends)
            {
                foreach (var socket in Of(end.Account))
                {
                    socket.Tell(end);
                }
            }
        }

        foreach (var account in news.Doubted)
        {
            _ = CheckAsync(account);
        }
    }

    /// <summary>Closes every socket, and each that comes later.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            foreach (var socket in _sockets.Values.SelectMany(s => s))
            {
                socket.Close(Closing.Stopping);
            }
        }
    }

    private async Task CheckAsync(long account)
    {
        WakeSocket[] sockets;
        lock (_gate)
        {
            sockets = [.. Of(account)];
        }

        if (sockets.Length == 0)
        {
            return;
        }

        try
        {
            var closings = await store.RunAsync(s => sockets.Select(socket => Check(s, socket)).ToArray());
            foreach (var (socket, closing) in sockets.Zip(closings))
            {
                if (closing is not null)
                {
                    socket.Close(closing);
                }
            }
        }
        catch (StoreUnavailableException)
        {
            // Nobody stays on a right that could not be looked up: each is checked when it comes back.
            foreach (var socket in sockets)
            {
                socket.Close(Closing.Unchecked);
            }
        }
    }

    /// <summary>Null when the socket may stay.</summary>
    private static Closing? Check(HubStore store, WakeSocket socket) =>
        store.Admit(socket.Claims) switch
        {
            Admission.Refused refused => Closing.Unauthorized(refused.Code),
            Admission.Granted { Account.Status: AccountStatus.SyncDisabled } => Closing.Forbidden("sync_disabled"),
            Admission.Granted { Account.Status: AccountStatus.Restricted } => Closing.Forbidden("account_restricted"),
            _ => null,
        };

    private IEnumerable<WakeSocket> Of(long account) => _sockets.GetValueOrDefault(account) ?? Enumerable.Empty<WakeSocket>();
}
