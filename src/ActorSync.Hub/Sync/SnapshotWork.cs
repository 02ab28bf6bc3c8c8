using System.Text;
using ActorSync.Hub.Http;
using ActorSync.Hub.Store;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>
/// Folds an account up to its end, then writes its replica to a spool. Pushes go on between the pieces and only lengthen the log; nothing folds
/// meanwhile, so the rows are those of the one point that the head names (PROTOCOL "snapshot").
/// </summary>
/// <remarks>The pieces are bounded by rows and by bytes: a push that waits for one waits milliseconds.</remarks>
internal sealed class SnapshotWork(long account, SnapshotSpool spool) : ILongWork<bool>
{
    private const int FoldPiece = 1_000;
    private const int RowPiece = 2_000;
    private const int BytePiece = 1 << 20;

    private readonly ReplicaKey _after = new();
    private ReplicaDigest? _digest;
    private long _cursor;
    private long _count;

    public bool Advance(HubStore store, out bool whole)
    {
        whole = false;
        if (spool.Abandoned)
        {
            return true;
        }

        var state = store.Accounts.ByNumber(account);
        using var json = new JsonBuffer(64 << 10);
        if (_digest is null)
        {
            if (!store.Replica.Fold(state, FoldPiece))
            {
                return false;
            }

            Begin(state, json);
        }

        var last = Rows(store.Replica, state, json);
        if (last)
        {
            End(store, state, json);
        }

        try
        {
            spool.Write(json.Written.Span);
        }
        catch (IOException)
        {
            // The disk is full. That is this caller's loss and not the store's.
            return true;
        }

        if (last)
        {
            spool.Complete();
        }

        return whole = last;
    }

    public void Dispose()
    {
        _digest?.Dispose();
        spool.Dispose();
    }

    private void Begin(AccountState state, JsonBuffer json)
    {
        _digest = new ReplicaDigest();
        _cursor = state.FoldedId;
        json.Raw("{\"cursor\":"u8).Number(_cursor).Raw(",\"head\":"u8).QuotedHex(state.Head);
        json.Raw(",\"clock\":"u8).Number(state.MaxLamport).Raw(",\"rows\":["u8);
    }

    /// <summary>True when no row is left.</summary>
    private bool Rows(Replica replica, AccountState state, JsonBuffer json)
    {
        var rows = replica.Rows(state, _after, RowPiece);
        for (var count = 1; rows.Step(); count++)
        {
            var key = rows.Bytes(0);
            ReplicaKey.Split(key, out var entity, out var entityId, out var kind, out var register);
            _digest!.Add(entity, entityId, kind, register, rows.Bytes(1), rows.Int64(2), rows.Bytes(3));
            json.Raw(_count++ == 0 ? "{\"entity\":"u8 : ",{\"entity\":"u8).Quoted(entity).Raw(",\"entity_id\":"u8).Quoted(entityId);
            json.Raw(kind == ReplicaDigest.Tombstone ? ",\"kind\":\"D\",\"register\":"u8 : ",\"kind\":\"R\",\"register\":"u8);
            json.Quoted(register).Raw(",\"value\":"u8).Raw(kind == ReplicaDigest.Tombstone ? "null"u8 : rows.Bytes(1));
            json.Raw(",\"lamport_ts\":"u8).Number(rows.Int64(2)).Raw(",\"device_id\":"u8).Quoted(rows.Bytes(3));
            json.Raw(",\"operation_id\":"u8).Quoted(OperationId.FromBytes(rows.Bytes(4)).Value).Raw("}"u8);
            if (count == RowPiece || json.Length >= BytePiece)
            {
                _after.CopyOf(key);
                rows.Reset();
                return false;
            }
        }

        return true;
    }

    private void End(HubStore store, AccountState state, JsonBuffer json)
    {
        var (digest, entities) = _digest!.Finish();
        store.Keep(state, new AccountDigest(_cursor, digest, entities));
        json.Raw("],\"count\":"u8).Number(_count).Raw(",\"digest\":"u8).Quoted(Encoding.UTF8.GetBytes(digest)).Raw("}"u8);
    }
}
