using ActorSync.Hub.Store;
using ActorSync.Hub.Sync;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>The account's replica at one point of its log, streamed.</summary>
internal sealed class SnapshotEndpoint(HubContext hub)
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(5);
    private readonly Slots<long> _slots = new(hub.Options.Limits.SnapshotsPerAccount, hub.Options.Limits.Snapshots);

    public async Task<HubAnswer> ReadAsync(HttpContext context)
    {
        var (account, refusal) = await hub.AdmitAsync(context);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!_slots.TryTake(account))
        {
            return HubAnswer.Error(503, "unavailable", "too many snapshots are being sent", retryAfter: Busy);
        }

        var sending = new Sending(hub, () => _slots.Give(account), context.RequestAborted);
        try
        {
            await sending.BeginAsync(account);
            return HubAnswer.Stream(sending.CopyToAsync, sending);
        }
        catch
        {
            sending.Dispose();
            throw;
        }
    }

    /// <summary>One snapshot on its way: the spool, the time it may take, and its slot.</summary>
    private sealed class Sending : IDisposable
    {
        private readonly HubContext _hub;
        private readonly Action _ended;
        private readonly CancellationTokenSource _time;
        private readonly CancellationTokenSource _until;
        private SnapshotSpool? _spool;

        public Sending(HubContext hub, Action ended, CancellationToken aborted)
        {
            (_hub, _ended) = (hub, ended);
            _time = new CancellationTokenSource(hub.Options.Limits.SnapshotTime, hub.Options.Time);
            _until = CancellationTokenSource.CreateLinkedTokenSource(aborted, _time.Token, hub.Stopping);
        }

        /// <exception cref="StoreUnavailableException">There is no snapshot to be had now.</exception>
        public async Task BeginAsync(long account)
        {
            try
            {
                _spool = new SnapshotSpool(_hub.Options.DataDirectory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException("there is no room for a snapshot", e);
            }

            var work = new SnapshotWork(account, _spool);
            Task<bool> whole;
            try
            {
                whole = _hub.Store.RunLongAsync(work);
            }
            catch (StoreUnavailableException)
            {
                work.Dispose();
                throw;
            }

            if (!await _spool.BegunAsync(_until.Token))
            {
                await whole;
                throw new StoreUnavailableException("there is no room for a snapshot");
            }

            // From here on a failure shows as a spool that breaks off.
            _ = whole.ContinueWith(
                static failed => failed.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }

        public Task CopyToAsync(Stream body) => _spool!.CopyToAsync(body, _until.Token);

        public void Dispose()
        {
            _spool?.Abandon();
            _until.Dispose();
            _time.Dispose();
            _ended();
        }
    }
}
