using System.Collections.Immutable;
using System.Text.Json;
using ActorSync.Diagnostics;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Reads the 200 of a push. All of it is read before anything counts: an answer with a fault names nothing.</summary>
internal sealed class PushAnswerReader(SentRows sent)
{
    // By position: what the answer said of a row. Results come out in order whatever order the hub used.
    private readonly PushResult.AcceptedOp[] _accepted = new PushResult.AcceptedOp[sent.Count];
    private readonly bool[] _isAccepted = new bool[sent.Count];
    private PushResult.RejectedOp?[]? _rejected;
    private int _acceptedCount;
    private int _rejectedCount;
    private int _unknown;
    private long _lastId;
    private string? _head;
    private PushResult.HubReceipt? _receipt;

    /// <summary>Null when the answer is a push's, else what is wrong with it; also throws what <see cref="WireJson.IsMalformed"/> knows.</summary>
    public string? Read(ReadOnlySpan<byte> body)
    {
        var json = new Utf8JsonReader(body, WireJson.Reading);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return "HTTP 200 whose body is no object";
        }

        var seen = Part.None;
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            var part = PartOf(ref json);
            if ((seen & part) != Part.None)
            {
                return $"HTTP 200 with {part} twice";
            }

            seen |= part;
            if (ReadPart(ref json, part) is { } fault)
            {
                return fault;
            }
        }

        // The reader throws for anything behind the object.
        json.Read();
        return (seen & Part.accepted) == Part.None ? "HTTP 200 without a list of accepted operations" : null;
    }

    public PushResult Result() => new(Accepted(), Rejected(), _unknown, _lastId, _head, _receipt);

    private string? ReadPart(ref Utf8JsonReader json, Part part)
    {
        var kind = part == Part.None ? JsonTokenType.None : Next(ref json);
        switch (part)
        {
            case Part.accepted:
                return kind == JsonTokenType.StartArray ? ReadAccepted(ref json) : "HTTP 200 whose accepted is no list";
            case Part.rejected:
                return kind == JsonTokenType.StartArray ? ReadRejected(ref json) : "HTTP 200 whose rejected is no list";
            case Part.last_id:
                _lastId = kind == JsonTokenType.Null ? 0 : json.GetInt64();
                return _lastId < 0 ? "HTTP 200 with a negative last_id" : null;
            case Part.head:
                _head = json.GetString();
                return _head is null || WireJson.IsSha256(_head) ? null : "HTTP 200 with a head that is none";
            case Part.receipt:
                return kind == JsonTokenType.Null ? null : ReadReceipt(ref json);
            default:
                json.Skip();
                return null;
        }
    }

    private string? ReadAccepted(ref Utf8JsonReader json)
    {
        var guess = 0;
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            var item = PushAnswerItem.Read(ref json);
            if (!item.HasOperation || item.Id is not > 0 || item.Lamport is not (>= 0 and <= OperationRules.MaxLamport))
            {
                return "HTTP 200 with an accepted operation that lacks its ids or its stamp";
            }

            var position = sent.Find(item.Operation, guess);
            if (position < 0)
            {
                _unknown++;
                continue;
            }

            guess = position + 1;
            if (IsRejected(position))
            {
                return $"HTTP 200 that both accepts and rejects {item.Operation}";
            }

            var accepted = new PushResult.AcceptedOp(sent.IndexAt(position), item.Id.Value, item.Lamport.Value, item.Duplicate);
            if (!_isAccepted[position])
            {
                (_isAccepted[position], _accepted[position]) = (true, accepted);
                _acceptedCount++;
            }
            else if (_accepted[position].Id != accepted.Id || _accepted[position].Lamport != accepted.Lamport)
            {
                return $"HTTP 200 that accepts {item.Operation} twice with different stamps";
            }
        }

        return null;
    }

    private string? ReadRejected(ref Utf8JsonReader json)
    {
        var guess = 0;
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            var item = PushAnswerItem.Read(ref json);
            if (!item.HasOperation || string.IsNullOrEmpty(item.Error))
            {
                return "HTTP 200 with a rejected operation that lacks its id or its error";
            }

            var position = sent.Find(item.Operation, guess);
            if (position < 0)
            {
                _unknown++;
                continue;
            }

            guess = position + 1;
            if (_isAccepted[position])
            {
                return $"HTTP 200 that both accepts and rejects {item.Operation}";
            }

            _rejected ??= new PushResult.RejectedOp?[sent.Count];
            if (_rejected[position] is null)
            {
                var by = string.IsNullOrEmpty(item.By) ? null : RemoteText.Clean(item.By, 64);
                _rejected[position] = new PushResult.RejectedOp(
                    sent.IndexAt(position),
                    RemoteText.Clean(item.Error, 64),
                    RemoteText.Clean(item.Message),
                    by
                );
                _rejectedCount++;
            }
        }

        return null;
    }

    private string? ReadReceipt(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return "HTTP 200 whose receipt is no object";
        }

        string? device = null;
        long? highest = null;
        long? count = null;
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("device_id"u8))
            {
                Next(ref json);
                device = json.GetString();
            }
            else if (json.ValueTextEquals("highest_lamport"u8))
            {
                Next(ref json);
                highest = json.GetInt64();
            }
            else if (json.ValueTextEquals("count"u8))
            {
                Next(ref json);
                count = json.GetInt64();
            }
            else
            {
                json.Skip();
            }
        }

        if (string.IsNullOrEmpty(device) || highest is not >= 0 || count is not >= 0)
        {
            return "HTTP 200 with half a receipt";
        }

        _receipt = new PushResult.HubReceipt(RemoteText.Clean(device, 128), highest.Value, count.Value);
        return null;
    }

    private ImmutableArray<PushResult.AcceptedOp> Accepted()
    {
        if (_acceptedCount == sent.Count)
        {
            return System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(_accepted);
        }

        var accepted = ImmutableArray.CreateBuilder<PushResult.AcceptedOp>(_acceptedCount);
        for (var i = 0; i < _isAccepted.Length; i++)
        {
            if (_isAccepted[i])
            {
                accepted.Add(_accepted[i]);
            }
        }

        return accepted.MoveToImmutable();
    }

    private ImmutableArray<PushResult.RejectedOp> Rejected()
    {
        if (_rejected is null)
        {
            return [];
        }

        var rejected = ImmutableArray.CreateBuilder<PushResult.RejectedOp>(_rejectedCount);
        foreach (var one in _rejected)
        {
            if (one is not null)
            {
                rejected.Add(one);
            }
        }

        return rejected.MoveToImmutable();
    }

    private bool IsRejected(int position) => _rejected?[position] is not null;

    private static Part PartOf(ref Utf8JsonReader json) =>
        json.ValueTextEquals("accepted"u8) ? Part.accepted
        : json.ValueTextEquals("rejected"u8) ? Part.rejected
        : json.ValueTextEquals("last_id"u8) ? Part.last_id
        : json.ValueTextEquals("head"u8) ? Part.head
        : json.ValueTextEquals("receipt"u8) ? Part.receipt
        : Part.None;

    internal static JsonTokenType Next(ref Utf8JsonReader json) =>
        json.Read() ? json.TokenType : throw new JsonException("the answer ends early");

    // Named as on the wire: the names go into messages.
    [Flags]
    private enum Part
    {
        None = 0,
        accepted = 1,
        rejected = 2,
        last_id = 4,
        head = 8,
        receipt = 16,
    }
}
