using System.Collections.Frozen;
using System.Collections.Immutable;
using ActorSync.Auth.Browser;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Status;

namespace ActorSync.Host.Control;

/// <summary>Everything that can be asked of a profile. A verb asks one of these; the door decides who answers.</summary>
internal static class Calls
{
    private static readonly HostJson Json = HostJson.Default;

    public static readonly ControlCall<Empty, StatusSnapshot> Status = new(
        "status",
        Json.Empty,
        Json.StatusSnapshot,
        static (profile, _, cancellation) => profile.GetStatusAsync(cancellation)
    );

    public static readonly ControlCall<Empty, DrainReport> Drain = new(
        "drain",
        Json.Empty,
        Json.DrainReport,
        static (profile, _, cancellation) => profile.DrainAsync(cancellation)
    );

    public static readonly ControlCall<Empty, ReconcileReport> Reconcile = new(
        "reconcile",
        Json.Empty,
        Json.ReconcileReport,
        static (profile, _, cancellation) => profile.ReconcileAsync(cancellation)
    );

    public static readonly ControlCall<EnqueueAsk, EnqueueAnswer> Enqueue = new(
        "enqueue",
        Json.EnqueueAsk,
        Json.EnqueueAnswer,
        static async (profile, ask, cancellation) =>
        {
            var checkpoint = ask.Source is null ? null : new JournalProtocol.SourceCheckpoint(ask.Source, ask.Position);
            var operations = ask.Operations.Select(static o => o.ToOperation()).ToImmutableArray();
            var accepted = await profile.EnqueueWithCheckpointAsync(operations, checkpoint, cancellation);
            return new EnqueueAnswer([.. accepted.Select(AcceptedDocument.Of)]);
        }
    );

    public static readonly ControlCall<SourceAsk, PositionAnswer> Checkpoint = new(
        "checkpoint",
        Json.SourceAsk,
        Json.PositionAnswer,
        static async (profile, ask, cancellation) => new PositionAnswer(await profile.GetCheckpointAsync(ask.Source, cancellation))
    );

    public static readonly ControlCall<IdAsk, ReceiptDocument> Receipt = new(
        "receipt",
        Json.IdAsk,
        Json.ReceiptDocument,
        static async (profile, ask, cancellation) =>
        {
            var receipt = await profile.WaitForReceiptAsync(IdOf(ask), cancellation);
            return new ReceiptDocument(receipt.OperationId.ToString(), receipt.Delivered, receipt.Error);
        }
    );

    public static readonly ControlCall<Empty, QueueCounts> Counts = new(
        "counts",
        Json.Empty,
        Json.QueueCounts,
        static async (profile, _, cancellation) =>
        {
            var counts = await profile.GetCountsAsync(cancellation);
            return new QueueCounts(
                counts.Pending,
                counts.Priority.Pending,
                counts.Bulk.Pending,
                counts.Parked,
                counts.Dead,
                counts.PayloadBytes,
                counts.Limit,
                counts.AckedEver
            );
        }
    );

    public static readonly ControlCall<ListAsk, RowsAnswer> List = new(
        "list",
        Json.ListAsk,
        Json.RowsAnswer,
        static async (profile, ask, cancellation) =>
        {
            var state = Words.State(ask.State) ?? throw Failures.Usage("state", $"unknown state '{ask.State}'");
            var rows = await profile.ListAsync(state, ask.AfterSeq, Math.Min(ask.Limit, 1000), cancellation);
            return new RowsAnswer([.. rows.Items.Select(RowDocument.Of)], rows.HasMore);
        }
    );

    public static readonly ControlCall<IdAsk, FoundAnswer> Find = new(
        "find",
        Json.IdAsk,
        Json.FoundAnswer,
        static async (profile, ask, cancellation) =>
            new FoundAnswer(await profile.FindAsync(IdOf(ask), cancellation) is { } row ? RowDocument.Of(row) : null)
    );

    public static readonly ControlCall<IdAsk, CountAnswer> Retry = new(
        "retry",
        Json.IdAsk,
        Json.CountAnswer,
        static async (profile, ask, cancellation) =>
            new CountAnswer(await profile.RetryDeadAsync(ask.OperationId is null ? null : IdOf(ask), cancellation))
    );

    public static readonly ControlCall<IdAsk, CountAnswer> Discard = new(
        "discard",
        Json.IdAsk,
        Json.CountAnswer,
        static async (profile, ask, cancellation) =>
            new CountAnswer(
                await profile.DiscardDeadAsync(
                    IdOf(ask),
                    ask.Reason ?? throw Failures.Usage("--reason", "say why the operation is given up"),
                    cancellation
                )
            )
    );

    public static readonly ControlCall<IdAsk, CountAnswer> Park = new(
        "park",
        Json.IdAsk,
        Json.CountAnswer,
        static async (profile, ask, cancellation) => new CountAnswer(await profile.ParkAsync(IdOf(ask), cancellation))
    );

    public static readonly ControlCall<Empty, CountAnswer> Clear = new(
        "clear",
        Json.Empty,
        Json.CountAnswer,
        static async (profile, _, cancellation) => new CountAnswer(await profile.ClearQueueAsync(cancellation))
    );

    public static readonly ControlCall<Empty, DigestDocument> Digest = new(
        "digest",
        Json.Empty,
        Json.DigestDocument,
        static async (profile, _, cancellation) =>
        {
            var digested = await profile.GetDigestAsync(cancellation);
            return new DigestDocument(digested.Digest, digested.Entities);
        }
    );

    public static readonly ControlCall<EntitiesAsk, EntitiesAnswer> Entities = new(
        "entities",
        Json.EntitiesAsk,
        Json.EntitiesAnswer,
        static async (profile, ask, cancellation) =>
        {
            var found = await profile.GetEntitiesAsync(ask.Entity, ask.EntityId, ask.AfterId, Math.Min(ask.Limit, 1000), cancellation);
            return new EntitiesAnswer([
                .. found.Select(static e => new EntityDocument(
                    e.Entity,
                    e.EntityId,
                    e.Deleted,
                    e.Registers.ToImmutableSortedDictionary(static r => r.Key, static r => RawJson.Of(r.Value), StringComparer.Ordinal),
                    e.Pending
                )),
            ]);
        }
    );

    public static readonly ControlCall<Empty, SettingsDocument> Settings = new(
        "settings",
        Json.Empty,
        Json.SettingsDocument,
        static async (profile, _, cancellation) => new SettingsDocument(await profile.GetSettingsAsync(cancellation))
    );

    public static readonly ControlCall<SettingsAsk, SettingsDocument> PatchSettings = new(
        "patch-settings",
        Json.SettingsAsk,
        Json.SettingsDocument,
        static async (profile, ask, cancellation) => new SettingsDocument(await profile.PatchSettingsAsync(ask.Patch, cancellation))
    );

    public static readonly ControlCall<SignInAsk, BindingDocument> Pair = new(
        "pair",
        Json.SignInAsk,
        Json.BindingDocument,
        static async (profile, ask, cancellation) =>
            Bound(await profile.PairAsync(HubAddress.Parse("--hub", ask.Hub), ask.Secret, cancellation))
    );

    public static readonly ControlCall<SignInAsk, BindingDocument> UseToken = new(
        "use-token",
        Json.SignInAsk,
        Json.BindingDocument,
        static async (profile, ask, cancellation) =>
            Bound(await profile.UseTokenAsync(HubAddress.Parse("--hub", ask.Hub), ask.Secret, cancellation))
    );

    public static readonly ControlCall<CodeAsk, BindingDocument> UseCode = new(
        "use-code",
        Json.CodeAsk,
        Json.BindingDocument,
        static async (profile, ask, cancellation) =>
            Bound(
                await profile.UseCodeAsync(
                    HubAddress.Parse("--hub", ask.Hub),
                    new AuthorizationCode(ask.Code, ask.Verifier, new Uri(ask.Redirect)),
                    cancellation
                )
            )
    );

    public static readonly ControlCall<Empty, Empty> SignOut = Does(
        "sign-out",
        static (profile, cancellation) => profile.SignOutAsync(cancellation)
    );

    public static readonly ControlCall<Empty, Empty> Unpair = Does(
        "unpair",
        static (profile, cancellation) => profile.UnpairAsync(cancellation)
    );

    public static readonly ControlCall<Empty, Empty> AdoptQueue = Does(
        "adopt-queue",
        static (profile, cancellation) => profile.AdoptQueueAsync(cancellation)
    );

    public static readonly ControlCall<Empty, CountAnswer> DiscardQueue = new(
        "discard-queue",
        Json.Empty,
        Json.CountAnswer,
        static async (profile, _, cancellation) => new CountAnswer(await profile.DiscardQueueAsync(cancellation))
    );

    public static readonly ControlCall<IdAsk, ExplanationDocument> Explain = new(
        "explain",
        Json.IdAsk,
        Json.ExplanationDocument,
        static async (profile, ask, cancellation) =>
        {
            var e = await profile.ExplainAsync(IdOf(ask), cancellation);
            return new ExplanationDocument(e.OperationId.ToString(), e.Where, e.Cause, e.Text, e.NextTry, e.HubSaid, e.Attempts);
        }
    );

    public static readonly FrozenDictionary<string, ControlCall> All = new ControlCall[]
    {
        Status,
        Drain,
        HangarCalls.Push,
        Reconcile,
        Enqueue,
        Checkpoint,
        Receipt,
        Counts,
        List,
        Find,
        Retry,
        Discard,
        Park,
        Clear,
        Digest,
        Entities,
        ConflictCalls.List,
        Settings,
        PatchSettings,
        Pair,
        UseCode,
        UseToken,
        SignOut,
        Unpair,
        AdoptQueue,
        DiscardQueue,
        Explain,
    }.ToFrozenDictionary(static c => c.Name, StringComparer.Ordinal);

    private static ControlCall<Empty, Empty> Does(string name, Func<SyncProfile, CancellationToken, Task> act) =>
        new(
            name,
            Json.Empty,
            Json.Empty,
            async (profile, _, cancellation) =>
            {
                await act(profile, cancellation);
                return Empty.Value;
            }
        );

    private static OperationId IdOf(IdAsk ask) =>
        OperationId.TryParse(ask.OperationId, out var id)
            ? id
            : throw Failures.Usage("ID", $"'{ask.OperationId}' is no operation id", "give the 36 characters of the operation's UUID");

    private static BindingDocument Bound(BindingView binding) =>
        new(binding.Hub, binding.Account, binding.Handle, binding.Generation, binding.ExpiresAt);
}
