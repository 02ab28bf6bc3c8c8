using ActorSync.Journal;

namespace ActorSync.Changes;

/// <summary>Hands the changes of the replica to the app's handler, one transaction of the app's file each. Runs on the caller's task: nothing of the runtime waits for it.</summary>
internal sealed class ChangeApplier(ChangeSource source, AppInboxFile file, ChangeHandler handler, string? entity)
{
    private const int MostAttempts = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>How long what is deferred waits when nothing else happens.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private bool _hasDeferred;

    public async Task RunAsync(CancellationToken cancellation)
    {
        file.Install();
        var from = file.Position;
        await RetryAsync(cancellation).ConfigureAwait(false);
        while (true)
        {
            var (page, isLate) = await NextAsync(from, cancellation).ConfigureAwait(false);
            if (page is null && !isLate)
            {
                return;
            }

            var applied = isLate;
            if (page is { IsSnapshot: true })
            {
                var start = new SnapshotStarts(page.Position with { Value = 0 });
                await PatientlyAsync(() => file.Restart(start), cancellation).ConfigureAwait(false);
            }

            foreach (var change in page?.Items ?? [])
            {
                applied |= await HandOverAsync(change, cancellation).ConfigureAwait(false);
            }

            from = page?.Position ?? from;
            if (applied && page is not { HasMore: true } && _hasDeferred)
            {
                await RetryAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for ever when nothing is deferred. No page and not late: the runtime has stopped.</summary>
    private async Task<(ChangeProtocol.ChangesRead? Page, bool IsLate)> NextAsync(ChangePosition? from, CancellationToken cancellation)
    {
        using var late = _hasDeferred
            ? new CancellationTokenSource(Again, source.Time)
            : new CancellationTokenSource(Timeout.InfiniteTimeSpan, source.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            return (await source.ReadAsync(from, entity, either.Token).ConfigureAwait(false), IsLate: false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, IsLate: true);
        }
    }

    /// <summary>True when it was applied, false when it is deferred.</summary>
    private async Task<bool> HandOverAsync(EntityChanged change, CancellationToken cancellation)
    {
        for (var (attempt, pause) = (1, FirstPause); ; pause = Longer(pause))
        {
            try
            {
                if (await file.ApplyAsync(change, handler, isAgain: false, cancellation).ConfigureAwait(false) is not { } reason)
                {
                    return true;
                }

                await DeferAsync(change, reason, isAgain: false, cancellation).ConfigureAwait(false);
                return false;
            }
            catch (Exception failure) when (!IsEnd(failure, cancellation))
            {
                if (!AppInboxFile.IsPassing(failure) && attempt++ == MostAttempts)
                {
                    await DeferAsync(change, ReasonOf(failure), isAgain: false, cancellation).ConfigureAwait(false);
                    return false;
                }
            }

            await Task.Delay(pause, source.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Hands over what is deferred, as it is now, until a round changes nothing: a child may wait for a parent that waits.</summary>
    private async Task RetryAsync(CancellationToken cancellation)
    {
        var isProgress = true;
        while (isProgress)
        {
            isProgress = false;
            var deferred = file.Deferred;
            _hasDeferred = deferred.Length > 0;
            foreach (var one in deferred)
            {
                if (await source.ReadEntityAsync(one.Entity, one.EntityId, cancellation).ConfigureAwait(false) is not { } change)
                {
                    return;
                }

                isProgress |= await TryAgainAsync(change, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryAgainAsync(EntityChanged change, CancellationToken cancellation)
    {
        string? reason;
        try
        {
            reason = await file.ApplyAsync(change, handler, isAgain: true, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (!IsEnd(failure, cancellation))
        {
            reason = ReasonOf(failure);
        }

        if (reason is not null)
        {
            await DeferAsync(change, reason, isAgain: true, cancellation).ConfigureAwait(false);
        }

        return reason is null;
    }

    private async Task DeferAsync(EntityChanged change, string reason, bool isAgain, CancellationToken cancellation)
    {
        _hasDeferred = true;
        await PatientlyAsync(() => file.Defer(change, reason, isAgain, source.Time.GetUtcNow()), cancellation).ConfigureAwait(false);
    }

    private async Task PatientlyAsync(Action write, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                write();
                return;
            }
            catch (Exception failure) when (AppInboxFile.IsPassing(failure))
            {
                await Task.Delay(pause, source.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static bool IsEnd(Exception failure, CancellationToken cancellation) =>
        failure is OperationCanceledException && cancellation.IsCancellationRequested;

    private static string ReasonOf(Exception failure) => $"{failure.GetType().Name}: {failure.Message}";

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
