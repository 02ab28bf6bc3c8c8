using System.Text;
using ActorSync.Model;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Model;

public sealed class MergeRuleTests
{
    [Theory]
    [InlineData(OperationKind.Set, null, "{\"a\":1,\"b\":{\"c\":[\"}\",{}]},\"d\":\"x\"}", "a=1|b={\"c\":[\"}\",{}]}|d=\"x\"")]
    [InlineData(OperationKind.Insert, null, "{\"a\":null,\"b\":-1.5e3}", "a=null|b=-1.5e3")]
    [InlineData(OperationKind.Set, null, "{}", "")]
    [InlineData(OperationKind.Set, null, "{\"\":1,\"\\t\\u0001\\\"\":\"\\\\\"}", "=1|\t\u0001\"=\"\\\\\"")]
    [InlineData(OperationKind.Set, null, "[1,2]", "=[1,2]")]
    [InlineData(OperationKind.Set, null, "\"{\"", "=\"{\"")]
    [InlineData(OperationKind.Insert, null, "", "=null")]
    [InlineData(OperationKind.Set, "title", "{\"a\":1}", "title={\"a\":1}")]
    [InlineData(OperationKind.Set, "", "{\"a\":1}", "={\"a\":1}")]
    [InlineData(OperationKind.Delete, null, "{\"a\":1}", "tombstone")]
    [InlineData(OperationKind.Delete, "title", "7", "title=null")]
    [InlineData(OperationKind.Noop, "title", "7", "")]
    [InlineData(OperationKind.Noop, null, "{\"a\":1}", "")]
    public void An_operation_writes_these_registers(OperationKind kind, string? field, string payload, string writes) =>
        string.Join('|', Writes(kind, field, payload)).ShouldBe(writes);

    [Fact]
    public void Enumerating_allocates_nothing()
    {
        var payload = Encoding.UTF8.GetBytes("{\"after\":\"122@writer-1\",\"tags\":[\"a\\\"b\",{}],\"value\":\"x\"}");
        var length = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            foreach (var write in MergeRule.Of(OperationKind.Insert, hasField: false, default, payload))
            {
                length += write.Register.Length + write.Value.Length;
            }
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        length.ShouldBe(1_000 * ("aftertagsvalue".Length + "\"122@writer-1\"[\"a\\\"b\",{}]\"x\"".Length));
    }

    [Fact]
    [Trait("criterion", "P5")]
    public void Any_permutation_of_the_same_operations_gives_the_same_replica() =>
        Prop.ForAll(
                Gen.Choose(0, int.MaxValue).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var operations = Enumerable.Range(0, 12).Select(_ => Operation.Any(random)).ToArray();
                    var first = Replica.Of(operations).ToString();
                    random.Shuffle(operations);

                    // Each may come again, also between the others.
                    var again = operations.Concat(operations.Where(_ => random.Next(3) == 0)).ToArray();
                    Replica.Of(again).ToString().ShouldBe(first);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    private static List<string> Writes(OperationKind kind, string? field, string payload)
    {
        var writes = new List<string>();
        foreach (var write in MergeRule.Of(kind, field is not null, Encoding.UTF8.GetBytes(field ?? ""), Encoding.UTF8.GetBytes(payload)))
        {
            writes.Add(
                write.IsTombstone ? "tombstone" : $"{Encoding.UTF8.GetString(write.Register)}={Encoding.UTF8.GetString(write.Value)}"
            );
        }

        return writes;
    }

    private sealed record Operation(OperationKind Kind, string? Field, string Payload, MergeKey Key)
    {
        private static readonly string?[] Fields = [null, null, "a", "b", ""];
        private static readonly string[] Payloads = ["{\"a\":1,\"b\":2}", "{\"b\":null}", "7", "{\"a\":\"x\"}", "{}"];

        // Few stamps and devices, so that ties happen at every level of the key.
        public static Operation Any(Random random) =>
            new(
                (OperationKind)random.Next(4),
                Fields[random.Next(Fields.Length)],
                Payloads[random.Next(Payloads.Length)],
                new MergeKey(
                    random.Next(1, 5),
                    new DeviceId($"device-{random.Next(2)}"),
                    new OperationId(new Guid(random.Next(), 0, 0, new byte[8]))
                )
            );
    }

    /// <summary>One entity, as PROTOCOL "Merge" describes it.</summary>
    private sealed class Replica
    {
        private readonly SortedDictionary<string, (MergeKey Key, string Value)> _registers = new(StringComparer.Ordinal);
        private MergeKey? _deleted;

        public static Replica Of(IEnumerable<Operation> operations)
        {
            var replica = new Replica();
            foreach (var operation in operations)
            {
                replica.Apply(operation);
            }

            return replica;
        }

        public override string ToString() => $"{_deleted}|{string.Join('|', _registers)}";

        private void Apply(Operation operation)
        {
            var field = Encoding.UTF8.GetBytes(operation.Field ?? "");
            foreach (
                var write in MergeRule.Of(operation.Kind, operation.Field is not null, field, Encoding.UTF8.GetBytes(operation.Payload))
            )
            {
                if (write.IsTombstone)
                {
                    Delete(operation.Key);
                }
                else
                {
                    Put(Encoding.UTF8.GetString(write.Register), operation.Key, Encoding.UTF8.GetString(write.Value));
                }
            }
        }

        private void Delete(MergeKey key)
        {
            if (_deleted is { } known && known.CompareTo(key) >= 0)
            {
                return;
            }

            _deleted = key;
            foreach (var dead in _registers.Where(r => r.Value.Key.CompareTo(key) <= 0).Select(r => r.Key).ToArray())
            {
                _registers.Remove(dead);
            }
        }

        private void Put(string register, MergeKey key, string value)
        {
            if (_deleted is { } deleted && key.CompareTo(deleted) <= 0)
            {
                return;
            }

            if (!_registers.TryGetValue(register, out var held) || held.Key.CompareTo(key) < 0)
            {
                _registers[register] = (key, value);
            }
        }
    }
}
