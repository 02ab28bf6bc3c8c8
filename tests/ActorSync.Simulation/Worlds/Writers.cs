using System.Text;
using ActorSync.Model;
using ActorSync.Simulation.Judging;
using ActorSync.TestKit;

namespace ActorSync.Simulation.Worlds;

/// <summary>The apps of all devices: writers of an entity, each in its own pace; what was not answered is handed in again with its id, by the next process, too.</summary>
internal sealed class Writers
{
    private readonly World _world;
    private readonly Ledger _ledger;
    private readonly Swarm _swarm;
    private readonly Random _random;
    private readonly List<Writer> _writers = [];
    private int _left;
    private int _number;

    public Writers(World world, IReadOnlyList<Device> devices, Ledger ledger, Swarm swarm)
    {
        (_world, _ledger, _swarm) = (world, ledger, swarm);
        _random = new Random(unchecked(swarm.Seed * 17) + 3);
        _left = swarm.Operations;
        // With several devices some entities are written on more than one of them; on one device an entity has one writer.
        var taken = new HashSet<(int, int)>();
        for (var i = 0; i < Math.Max(swarm.Entities, swarm.Devices); i++)
        {
            var (entity, device) = (swarm.Devices == 1 ? i : _random.Next(swarm.Entities), i % swarm.Devices);
            if (taken.Add((entity, device)))
            {
                _writers.Add(new Writer($"e{entity}", devices[device]));
            }
        }

        foreach (var device in devices)
        {
            device.OnReady(() => _writers.FindAll(writer => writer.Device == device).ForEach(Go));
        }
    }

    /// <summary>Everything was handed in and answered.</summary>
    public bool Done => _left == 0 && _writers.TrueForAll(static x => x.Current.Count == 0);

    private void Go(Writer writer)
    {
        // One try at a time: those of a dead process never come back.
        var turn = ++writer.Turn;
        _world.At(Pause(), () => Step(writer, turn));
    }

    private void Step(Writer writer, int turn)
    {
        if (turn != writer.Turn || !writer.Device.IsAlive || writer.Device.Profile is not { } profile)
        {
            return;
        }

        if (writer.Current.Count == 0 && !Next(writer))
        {
            return;
        }

        _ = HandIn(writer, turn, profile);
    }

    private bool Next(Writer writer)
    {
        if (_left == 0)
        {
            return false;
        }

        var count = Math.Min(_left, _random.Next(5) == 0 ? _random.Next(2, 6) : 1);
        _left -= count;
        for (var i = 0; i < count; i++)
        {
            var poison = _swarm.Refusals && _random.Next(20) == 0;
            var entry = new Entry
            {
                Number = ++_number,
                Id = NewId(),
                Entity = writer.Entity,
                Device = writer.Device.Index,
                Lane = _random.Next(3) == 0 ? "bulk" : "priority",
                Poison = poison,
            };
            _ledger.Add(entry);
            writer.Current.Add((entry, Operation(entry)));
        }

        return true;
    }

    private async Task HandIn(Writer writer, int turn, SyncProfile profile)
    {
        try
        {
            if (writer.Current.Count == 1)
            {
                await profile.EnqueueAsync(writer.Current[0].Operation).ConfigureAwait(false);
            }
            else
            {
                await profile.EnqueueAsync([.. writer.Current.Select(static x => x.Operation)]).ConfigureAwait(false);
            }
        }
        catch (JournalUnavailableException)
        {
            if (writer.Device.IsAlive)
            {
                Go(writer);
            }

            return;
        }

        // An answer to a dead process reaches nobody.
        if (turn != writer.Turn || !writer.Device.IsAlive)
        {
            return;
        }

        foreach (var (entry, _) in writer.Current)
        {
            entry.AcceptedAt = _world.Elapsed;
            _world.Trace.Add($"accepted {entry.Number} {entry.Entity} of {entry.Device} {entry.Lane}{(entry.Poison ? " poison" : "")}");
        }

        writer.Current.Clear();
        Go(writer);
    }

    private TimeSpan Pause()
    {
        // Bursts, and now and then a long silence.
        var scale = _swarm.FaultTime / Math.Max(1, _swarm.Operations / _swarm.Entities);
        return _random.Next(6) switch
        {
            0 => scale * 3 * _random.NextDouble(),
            < 3 => scale * _random.NextDouble(),
            _ => TimeSpan.FromMilliseconds(_random.Next(1, 300)),
        };
    }

    private static NewOperation Operation(Entry entry)
    {
        var (kind, field, payload) = entry.Writes switch
        {
            // What a delete carries means nothing; it tells which one it is.
            EntryWrites.Deletion => (OperationKind.Delete, null, $$"""{"n":{{entry.Number}}}"""),
            EntryWrites.Note => (OperationKind.Set, "note", $$"""{"n":{{entry.Number}}}"""),
            _ when entry.Number % 7 == 0 => (OperationKind.Insert, null, $$"""{"n":{{entry.Number}},"title":"é"}"""),
            _ => (OperationKind.Set, (string?)null, $$"""{"n":{{entry.Number}},"k{{entry.Number % 3}}":[{{entry.Number}}]}"""),
        };
        return new NewOperation
        {
            OperationId = new OperationId(Guid.ParseExact(entry.Id, "D")),
            Entity = "thing",
            EntityId = entry.Entity,
            Kind = kind,
            Field = field,
            Payload = Encoding.UTF8.GetBytes(payload),
            Lane = entry.Lane == "bulk" ? Lane.Bulk : Lane.Priority,
        };
    }

    private string NewId()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        (bytes[6], bytes[8]) = ((byte)(0x70 | (bytes[6] & 0x0F)), (byte)(0x80 | (bytes[8] & 0x3F)));
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    private sealed class Writer(string entity, Device device)
    {
        public string Entity => entity;

        public Device Device => device;

        public List<(Entry Entry, NewOperation Operation)> Current { get; } = [];

        public int Turn { get; set; }
    }
}
