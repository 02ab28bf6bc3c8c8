using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>All that a hub holds of one account, and rules a to l. Pure: no time, no transport; written from the protocol alone, to judge by.</summary>
public sealed class HubAccount
{
    private const int MaxOperations = 1024;

    private readonly List<HubOperation> _log = [];
    private readonly Dictionary<string, HubOperation> _byId = new(StringComparer.Ordinal);
    private readonly List<string> _heads = [new string('0', 64)];

    public HubAccount(string name) => Name = name;

    public string Name { get; }

    /// <summary>Devices whose operations may be relayed; the caller of a push joins by itself.</summary>
    public HashSet<string> Devices { get; } = new(StringComparer.Ordinal);

    /// <summary>How far each device said that it has read.</summary>
    public Dictionary<string, long> LastSeen { get; } = new(StringComparer.Ordinal);

    /// <summary>The hub's own taste: gives code and message for an operation that it refuses.</summary>
    public Func<HubOperation, (string Error, string Message)?> Refuse { get; set; } = static _ => null;

    public long LastId => _heads.Count - 1;

    public string Head => _heads[^1];

    /// <summary>Every operation in the account's order; a raised one stands where it was raised.</summary>
    public IReadOnlyList<HubOperation> Log => _log;

    /// <summary>Every first storing of an operation, in order, also of those that a restored backup forgot: nothing may stand here twice between two restores.</summary>
    public List<string> Applied { get; } = [];

    public long StoredMaxOf(string device) => _log.Where(x => x.Device == device).Select(static x => x.Lamport).DefaultIfEmpty(0).Max();

    public HubOperation? Find(string operationId) => _byId.GetValueOrDefault(operationId);

    public MergedState Merged() => MergedState.Of(_log);

    /// <summary>A backup; independent of what comes later.</summary>
    public HubAccount Copy()
    {
        var copy = new HubAccount(Name) { Refuse = Refuse };
        copy._log.AddRange(_log);
        copy._heads.Clear();
        copy._heads.AddRange(_heads);
        copy.Devices.UnionWith(Devices);
        foreach (var (id, operation) in _byId)
        {
            copy._byId[id] = operation;
        }

        return copy;
    }

    /// <summary>Rows are gone, and neither the ids nor the heads tell: a disk that lies.</summary>
    public void Lose(Func<HubOperation, bool> which)
    {
        foreach (var operation in _log.FindAll(x => which(x)))
        {
            _log.Remove(operation);
            _byId.Remove(operation.OperationId);
        }
    }

    /// <summary>True when the pair is a point of this account's history (rule l).</summary>
    public bool Knows(long lastId, string? head) =>
        lastId <= 0 || head is null || (lastId <= LastId && string.Equals(_heads[(int)lastId], head, StringComparison.OrdinalIgnoreCase));

    /// <summary>Applies a push. Nothing is stored unless the answer is 200.</summary>
    public HubAnswer Push(JsonElement body)
    {
        var device = body.TryGetProperty("device_id", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        if (
            string.IsNullOrWhiteSpace(device)
            || !body.TryGetProperty("ops", out var ops)
            || ops.ValueKind != JsonValueKind.Array
            || ops.GetArrayLength() > MaxOperations
        )
        {
            return HubAnswer.Error(400, "invalid_request", "device_id is blank, or ops is missing or has more than 1024 elements");
        }

        if (body.TryGetProperty("known", out var known) && known.ValueKind == JsonValueKind.Object && !Knows(known))
        {
            return ResyncRequired();
        }

        var read = ops.EnumerateArray().Select(x => new Incoming(x, device)).ToList();
        var own = read.Select(static x => x.Operation)
            .OfType<HubOperation>()
            .Where(x => x.Device == device && !x.Published && !_byId.ContainsKey(x.OperationId))
            .ToList();
        var storedMax = StoredMaxOf(device);
        var clock = body.TryGetProperty("clock", out var number) && number.TryGetInt64(out var value) ? value : (long?)null;
        if (own.Count > 0 && (clock is { } said ? said < storedMax : own.Exists(x => x.Lamport <= storedMax)))
        {
            return HubAnswer.Json(
                409,
                new JsonObject
                {
                    ["error"] = "lamport_regression",
                    ["message"] = "the clock of this device went back",
                    ["device_id"] = device,
                    ["stored_max"] = storedMax,
                    ["offending_lamport_ts"] = own.Min(static x => x.Lamport),
                }
            );
        }

        Devices.Add(device);
        return Store(device, read);
    }

    public HubAnswer ResyncRequired() =>
        HubAnswer.Json(
            410,
            new JsonObject
            {
                ["error"] = "resync_required",
                ["message"] = "this hub does not have that history",
                ["reason"] = "history_changed",
            }
        );

    private HubAnswer Store(string device, List<Incoming> read)
    {
        var (accepted, rejected) = (new JsonArray(), new JsonArray());
        var blockedBy = new Dictionary<(string, string, string), string>();
        foreach (var incoming in read)
        {
            var by = blockedBy.GetValueOrDefault(incoming.Key);
            var fault = by is not null
                ? ("blocked", "waits for an older operation of its entity")
                : incoming.Fault ?? FaultOf(incoming.Operation!);
            if (fault is { } found)
            {
                rejected.Add(
                    new JsonObject
                    {
                        ["operation_id"] = incoming.Id,
                        ["error"] = found.Error,
                        ["message"] = found.Message,
                        ["by"] = by,
                    }
                );
                blockedBy.TryAdd(incoming.Key, incoming.Id);
            }
            else
            {
                var duplicate = _byId.ContainsKey(incoming.Operation!.OperationId);
                var stands = Stand(incoming.Operation);
                accepted.Add(
                    new JsonObject
                    {
                        ["operation_id"] = stands.OperationId,
                        ["id"] = stands.Id,
                        ["lamport_ts"] = stands.Lamport,
                        ["duplicate"] = duplicate,
                    }
                );
            }
        }

        var count = _log.Count(x => x.Device == device);
        return HubAnswer.Json(
            200,
            new JsonObject
            {
                ["accepted"] = accepted,
                ["rejected"] = rejected,
                ["last_id"] = LastId,
                ["head"] = Head,
                ["receipt"] = new JsonObject
                {
                    ["device_id"] = device,
                    ["highest_lamport"] = StoredMaxOf(device),
                    ["count"] = count,
                },
            }
        );
    }

    private (string Error, string Message)? FaultOf(HubOperation operation)
    {
        if (_byId.TryGetValue(operation.OperationId, out var held))
        {
            return held.Content == operation.Content ? null : ("operation_conflict", "this id has other content");
        }

        if (operation.Published && !Devices.Contains(operation.Device))
        {
            return ("unknown_origin", "no such device in this account");
        }

        var highest = _log.Select(static x => x.Lamport).DefaultIfEmpty(0).Max();
        return operation.Lamport > highest + (1L << 32) ? ("lamport_out_of_range", "too far ahead of the account") : Refuse(operation);
    }

    // Rule f: the operation as it stands after this push.
    private HubOperation Stand(HubOperation operation)
    {
        if (_byId.TryGetValue(operation.OperationId, out var held))
        {
            if (!operation.Published || operation.Lamport <= held.Lamport)
            {
                return held;
            }

            _log.Remove(held);
        }
        else
        {
            Applied.Add(operation.OperationId);
        }

        var stored = (held ?? operation) with { Id = LastId + 1, Lamport = operation.Lamport, Published = true };
        _heads.Add(NextHead(Head, stored));
        _log.Add(stored);
        _byId[stored.OperationId] = stored;
        return stored;
    }

    internal string HeadAt(long id) => _heads[(int)id];

    private static string NextHead(string head, HubOperation stored)
    {
        var link = new List<byte>(Convert.FromHexString(head));
        link.AddRange(BigEndian(stored.Id));
        link.AddRange(Guid.ParseExact(stored.OperationId, "D").ToByteArray(bigEndian: true));
        link.AddRange(BigEndian(stored.Lamport));
        return Convert.ToHexStringLower(SHA256.HashData(link.ToArray()));
    }

    private static byte[] BigEndian(long number)
    {
        var bytes = BitConverter.GetBytes(number);
        Array.Reverse(bytes);
        return bytes;
    }

    private bool Knows(JsonElement known) =>
        Knows(
            known.TryGetProperty("last_id", out var id) && id.TryGetInt64(out var number) ? number : 0,
            known.TryGetProperty("head", out var head) && head.ValueKind == JsonValueKind.String ? head.GetString() : null
        );

    /// <summary>One element of a push: an operation, or why it is none; the key as far as it can be read.</summary>
    private sealed class Incoming
    {
        public Incoming(JsonElement json, string caller)
        {
            var (operation, error, message) = HubOperation.Read(json, caller);
            (Id, Operation, Fault) = (Text(json, "operation_id"), operation, operation is null ? (error!, message!) : null);
            Key = (
                json.TryGetProperty("device_id", out _) ? Text(json, "device_id", caller) : caller,
                Text(json, "entity"),
                Text(json, "entity_id")
            );
        }

        public string Id { get; }

        public HubOperation? Operation { get; }

        public (string Error, string Message)? Fault { get; }

        public (string Device, string Entity, string EntityId) Key { get; }

        private static string Text(JsonElement json, string name, string otherwise = "") =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : otherwise;
    }
}
