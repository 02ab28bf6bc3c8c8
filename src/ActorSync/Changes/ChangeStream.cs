using System.Runtime.CompilerServices;

namespace ActorSync.Changes;

/// <summary>Pages of changes, one element after the other, as fast as they are taken.</summary>
internal sealed class ChangeStream(ChangeSource source)
{
    /// <param name="subscription">Null: where it stands is not kept.</param>
    public async IAsyncEnumerable<ReplicaChange> ReadAsync(
        ChangePosition? from,
        string? subscription,
        string? entity,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        if (subscription is not null)
        {
            from = (await source.OpenAsync(subscription, entity, cancellation).ConfigureAwait(false))?.Position;
        }

        ChangePosition? passed = null;
        try
        {
            while (await source.ReadAsync(from, entity, cancellation).ConfigureAwait(false) is { } page)
            {
                if (page.IsSnapshot)
                {
                    yield return new SnapshotStarts(page.Position with { Value = 0 });
                }

                foreach (var change in page.Items)
                {
                    yield return change;
                    passed = change.Position;
                }

                from = page.Position;
                if (subscription is not null)
                {
                    await source.MoveAsync(subscription, entity, from, cancellation).ConfigureAwait(false);
                    passed = null;
                }
            }
        }
        finally
        {
            if (subscription is not null && passed is not null)
            {
                source.Move(subscription, entity, passed);
            }
        }
    }
}
