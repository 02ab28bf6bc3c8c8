using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Auth.Browser;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Sync;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync;

/// <summary>What the command line needs beside an app's needs.</summary>
public sealed partial class SyncProfile
{
    internal Task<ImmutableArray<Accepted>> EnqueueWithCheckpointAsync(
        IReadOnlyList<NewOperation> operations,
        SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        if (operations.Count == 0 && checkpoint is null)
        {
            return Task.FromResult(ImmutableArray<Accepted>.Empty);
        }

        var intakes = new Intake[operations.Count];
        for (var i = 0; i < intakes.Length; i++)
        {
            if (Intake.Check(operations[i], _link.Ids.Next, out intakes[i]) is { } fault)
            {
                throw new InvalidOperationRefusedException(fault.Field, $"{fault.Message} (operation {i} of the batch)");
            }
        }

        var request = new EnqueueBatchRequest(intakes, checkpoint, _link.Platform.AsynchronousContinuations);
        _link.Journal.Tell(request);
        return request.Task;
    }

    internal async Task<long> GetCheckpointAsync(string source, CancellationToken cancellation) =>
        (
            await _link.AskJournalAsync<SourceCheckpoint>(replyTo => new GetCheckpoint(source, replyTo), cancellation).ConfigureAwait(false)
        ).Position;

    internal Task<JournalCounts> GetCountsAsync(CancellationToken cancellation) =>
        _link.AskJournalAsync<JournalCounts>(replyTo => new GetCounts(replyTo), cancellation);

    internal Task<Rows> ListAsync(RowState state, long afterSeq, int limit, CancellationToken cancellation) =>
        _link.AskJournalAsync<Rows>(replyTo => new ListOperations(state, afterSeq, limit, replyTo), cancellation);

    internal async Task<JournalRow?> FindAsync(OperationId operation, CancellationToken cancellation) =>
        await _link.AskJournalAsync<object>(replyTo => new GetOperation(operation, replyTo), cancellation).ConfigureAwait(false)
        as JournalRow;

    /// <summary>Null retries every dead letter. Gives how many went back.</summary>
    internal Task<long> RetryDeadAsync(OperationId? operation, CancellationToken cancellation) =>
        ChangeAsync(replyTo => new RetryDead(operation, replyTo), cancellation);

    internal Task<long> DiscardDeadAsync(OperationId operation, string reason, CancellationToken cancellation) =>
        ChangeAsync(replyTo => new DiscardDead(operation, reason, replyTo), cancellation);

    internal Task<long> ParkAsync(OperationId operation, CancellationToken cancellation) =>
        ChangeAsync(replyTo => new ParkOperation(operation, replyTo), cancellation);

    internal Task<long> ClearQueueAsync(CancellationToken cancellation) => ChangeAsync(replyTo => new ClearQueue(replyTo), cancellation);

    internal Task<ReplicaDigested> GetDigestAsync(CancellationToken cancellation) =>
        _link.AskJournalAsync<ReplicaDigested>(replyTo => new GetDigest(replyTo), cancellation, ProfileLink.LongWait);

    internal async Task<ImmutableArray<EntityView>> GetEntitiesAsync(
        string entity,
        string? entityId,
        string? afterId,
        int limit,
        CancellationToken cancellation
    ) =>
        (
            await _link
                .AskJournalAsync<Entities>(
                    replyTo => new GetEntities(entity, entityId, afterId, limit, replyTo),
                    cancellation,
                    ProfileLink.LongWait
                )
                .ConfigureAwait(false)
        ).Items;

    /// <summary>Overwritten values, newest first, from below an id.</summary>
    internal async Task<ImmutableArray<ConflictRow>> ListConflictsAsync(long belowId, int limit, CancellationToken cancellation) =>
        (
            await _link
                .AskJournalAsync<InboundProtocol.Conflicts>(
                    replyTo => new InboundProtocol.ListConflicts(belowId, limit, replyTo),
                    cancellation
                )
                .ConfigureAwait(false)
        ).Items;

    internal async Task<ImmutableSortedDictionary<string, string>> GetSettingsAsync(CancellationToken cancellation) =>
        Shown((await _link.AskJournalAsync<Settings>(replyTo => new GetSettings(replyTo), cancellation).ConfigureAwait(false)).Values);

    /// <summary>Keys: <c>hub</c>, <c>mode</c> (local, hybrid), <c>preset</c>. Applied without a restart. Null removes a key.</summary>
    /// <exception cref="InvalidSettingException">Unknown key or bad value; nothing was changed.</exception>
    internal async Task<ImmutableSortedDictionary<string, string>> PatchSettingsAsync(
        ImmutableSortedDictionary<string, string?> patch,
        CancellationToken cancellation
    )
    {
        var normal = patch.ToImmutableSortedDictionary(
            pair => pair.Key,
            pair => ProfileSettings.Check(pair.Key, pair.Value, _link.Options),
            StringComparer.Ordinal
        );
        return Shown(await ChangeSettingsAsync(normal, cancellation).ConfigureAwait(false));
    }

    /// <summary>What another account left unsent is this one's from now on, and is sent. Gives the account.</summary>
    /// <exception cref="CredentialException">Nobody is signed in. Code <c>no_credential</c>.</exception>
    internal async Task<string> AdoptQueueAsync(CancellationToken cancellation)
    {
        var credential = await _link
            .AskProfileAsync<AuthProtocol.CurrentCredential>(replyTo => new AuthProtocol.GetCredential(replyTo), cancellation)
            .ConfigureAwait(false);
        if (credential.Binding?.Account is not { } account)
        {
            throw new CredentialException("no_credential", "nobody is signed in whose the queue could be", "sign in first");
        }

        var owner = ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add(SyncSettings.QueueAccountKey, account);
        await ChangeSettingsAsync(owner, cancellation).ConfigureAwait(false);
        return account;
    }

    /// <summary>Drops what another account left unsent; the queue is this one's from now on. Gives how many were dropped.</summary>
    /// <inheritdoc cref="AdoptQueueAsync"/>
    internal async Task<long> DiscardQueueAsync(CancellationToken cancellation)
    {
        var dropped = await ClearQueueAsync(cancellation).ConfigureAwait(false);
        await AdoptQueueAsync(cancellation).ConfigureAwait(false);
        return dropped;
    }

    /// <exception cref="CredentialException">With the hub's code and its own text.</exception>
    internal Task<BindingView> PairAsync(Uri hub, string code, CancellationToken cancellation) =>
        SignInAsync(replyTo => new AuthProtocol.Pair(hub, code, _link.DeviceName, replyTo), hub, cancellation);

    internal Task<BindingView> UseTokenAsync(Uri hub, string token, CancellationToken cancellation) =>
        SignInAsync(replyTo => new AuthProtocol.UseToken(hub, token, replyTo), hub, cancellation);

    internal Task<BindingView> UseCodeAsync(Uri hub, AuthorizationCode code, CancellationToken cancellation) =>
        SignInAsync(replyTo => new AuthProtocol.UseCode(hub, code.Code, code.Verifier, code.Redirect, replyTo), hub, cancellation);

    internal Task SignOutAsync(CancellationToken cancellation) => LeaveAsync(replyTo => new AuthProtocol.SignOut(replyTo), cancellation);

    /// <summary>As a sign-out; the hub is asked to revoke this device, now or as soon as it can be reached.</summary>
    internal Task UnpairAsync(CancellationToken cancellation) => LeaveAsync(replyTo => new AuthProtocol.Unpair(replyTo), cancellation);

    private static ImmutableSortedDictionary<string, string> Shown(ImmutableSortedDictionary<string, string> settings) =>
        settings.Remove(SyncSettings.QueueAccountKey).RemoveRange(HangarMemory.Keys);

    private async Task<ImmutableSortedDictionary<string, string>> ChangeSettingsAsync(
        ImmutableSortedDictionary<string, string?> patch,
        CancellationToken cancellation
    ) =>
        (
            await _link
                .AskProfileAsync<Settings>(replyTo => new SyncProtocol.ChangeSettings(patch, replyTo), cancellation)
                .ConfigureAwait(false)
        ).Values;

    private async Task LeaveAsync(Func<Akka.Actor.IActorRef, object> way, CancellationToken cancellation)
    {
        var answer = await _link.AskProfileAsync<object>(way, cancellation).ConfigureAwait(false);
        if (answer is AuthProtocol.SignOutRefused refused)
        {
            throw new CredentialException(refused.Code, refused.Message, refused.Remedy);
        }
    }

    private async Task<long> ChangeAsync(Func<Akka.Actor.IActorRef, IJournalCommand> command, CancellationToken cancellation) =>
        (await _link.AskJournalAsync<Changed>(command, cancellation, ProfileLink.LongWait).ConfigureAwait(false)).Count;

    private async Task<BindingView> SignInAsync(Func<Akka.Actor.IActorRef, object> way, Uri hub, CancellationToken cancellation)
    {
        var answer = await _link.AskProfileAsync<object>(way, cancellation, ProfileLink.LongWait).ConfigureAwait(false);
        if (answer is AuthProtocol.SignInRefused refused)
        {
            throw new CredentialException(refused.Code, refused.Message, refused.Remedy);
        }

        var signedIn = (AuthProtocol.SignedIn)answer;
        // The address is a setting of its own: a sign-out keeps it.
        await PatchSettingsAsync(
                ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add(ProfileSettings.Hub, hub.AbsoluteUri),
                cancellation
            )
            .ConfigureAwait(false);
        var binding = signedIn.Binding;
        return new BindingView(binding.Hub.AbsoluteUri, binding.Account, binding.Handle, signedIn.Generation.Value, binding.ExpiresAt);
    }
}
