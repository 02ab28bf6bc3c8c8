using System.Text;
using ActorSync.Host.Import;
using ActorSync.Model;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class OperationLineTests
{
    private static readonly OperationId Given = OperationIdSource.ForLine(new byte[32], 7);

    [Fact]
    public void A_line_gives_its_payload_in_canonical_form_and_ignores_unknown_keys()
    {
        var line = """
            {"writer":{"deep":[1,2]},"entity":"playlist","entity_id":"p\u00e41","op":"insert","payload": {"b":{},"a" : [1.50, "\u0041"]} ,"at":12}
            """;

        var operation = Good(line);

        operation.Entity.ShouldBe("playlist");
        operation.EntityId.ShouldBe("pä1");
        operation.Kind.ShouldBe(OperationKind.Insert);
        operation.Lane.ShouldBe(Lane.Bulk);
        operation.Schema.ShouldBe(1);
        operation.Field.ShouldBeNull();
        operation.OperationId.ShouldBe(Given);
        Encoding.UTF8.GetString(operation.Payload.Span).ShouldBe("""{"a":[1.50,"A"],"b":{}}""");
    }

    [Fact]
    public void A_line_may_name_everything()
    {
        var operation = Good(
            """{"operation_id":"01890a5d-ac96-774b-bcce-b302099a8057","schema":3,"lane":"priority","field":"name","payload":null,"op":"set","entity_id":"1","entity":"e"}"""
        );

        operation.OperationId!.Value.ToString().ShouldBe("01890a5d-ac96-774b-bcce-b302099a8057");
        operation.Schema.ShouldBe(3);
        operation.Lane.ShouldBe(Lane.Priority);
        operation.Field.ShouldBe("name");
        operation.Payload.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Payloads_of_many_lines_do_not_overwrite_each_other()
    {
        var parser = new OperationLine();
        var kept = new List<NewOperation>();
        for (var i = 0; i < 5000; i++)
        {
            var line = Encoding.UTF8.GetBytes(
                $$"""{"entity":"e","entity_id":"{{i}}","op":"set","payload":"{{new string('x', i % 97)}}{{i}}"}"""
            );
            parser.Read(line, Given, out var operation).ShouldBeNull();
            kept.Add(operation!);
        }

        for (var i = 0; i < kept.Count; i++)
        {
            Encoding.UTF8.GetString(kept[i].Payload.Span).ShouldBe($"\"{new string('x', i % 97)}{i}\"");
            kept[i].EntityId.ShouldBe($"{i}");
        }
    }

    [Theory]
    [InlineData("line", "")]
    [InlineData("line", "nonsense")]
    [InlineData("line", "[]")]
    [InlineData("line", "\"text\"")]
    [InlineData("line", """{"entity":"e","entity_id":"1","op":"set" """)]
    [InlineData("line", """{"entity":"e","entity_id":"1","op":"set"} {}""")]
    [InlineData("line", """{"entity":"e","entity_id":"1","op":"set","payload":{"a":}}""")]
    [InlineData("line", """{"entity":"e","entity_id":"1","op":"set","payload":tru}""")]
    [InlineData("line", """{"entity":"\ud800","entity_id":"1","op":"set"}""")]
    [InlineData("payload", """{"entity":"e","entity_id":"1","op":"set","payload":{"a":1,"a":2}}""")]
    [InlineData("payload", """{"entity":"e","entity_id":"1","op":"set","payload":"\udc00"}""")]
    [InlineData("op", """{"entity":"e","entity_id":"1"}""")]
    [InlineData("op", """{"entity":"e","entity_id":"1","op":"upsert"}""")]
    [InlineData("op", """{"entity":"e","entity_id":"1","op":7}""")]
    [InlineData("op", """{"entity":"e","entity_id":"1","op":"set","op":"delete"}""")]
    [InlineData("entity", """{"entity_id":"1","op":"set"}""")]
    [InlineData("entity", """{"entity":"","entity_id":"1","op":"set"}""")]
    [InlineData("entity", """{"entity":"  ","entity_id":"1","op":"set"}""")]
    [InlineData("entity", """{"entity":null,"entity_id":"1","op":"set"}""")]
    [InlineData("entity", """{"entity":{},"entity_id":"1","op":"set"}""")]
    [InlineData("entity_id", """{"entity":"e","op":"set"}""")]
    [InlineData("entity_id", """{"entity":"e","entity_id":5,"op":"set"}""")]
    [InlineData("lane", """{"entity":"e","entity_id":"1","op":"set","lane":"slow"}""")]
    [InlineData("schema", """{"entity":"e","entity_id":"1","op":"set","schema":0}""")]
    [InlineData("schema", """{"entity":"e","entity_id":"1","op":"set","schema":1.5}""")]
    [InlineData("schema", """{"entity":"e","entity_id":"1","op":"set","schema":"1"}""")]
    [InlineData("operation_id", """{"entity":"e","entity_id":"1","op":"set","operation_id":"1"}""")]
    [InlineData("operation_id", """{"entity":"e","entity_id":"1","op":"set","operation_id":"00000000-0000-0000-0000-000000000000"}""")]
    public void A_bad_line_is_refused_by_the_name_of_its_key(string field, string line) => Bad(line).Field.ShouldBe(field);

    [Fact]
    public void A_payload_over_its_bound_is_refused_and_one_at_its_bound_is_taken()
    {
        var atBound = new string('x', OperationRules.MaxPayloadBytes - 2);

        Good($$"""{"entity":"e","entity_id":"1","op":"set","payload":"{{atBound}}"}""")
            .Payload.Length.ShouldBe(OperationRules.MaxPayloadBytes);
        Bad($$"""{"entity":"e","entity_id":"1","op":"set","payload":"{{atBound}}x"}""").Field.ShouldBe("payload");
    }

    [Fact]
    public void A_payload_deeper_than_its_bound_is_refused_and_one_at_its_bound_is_taken()
    {
        Good(Nested(OperationRules.MaxPayloadDepth)).Payload.Length.ShouldBe(2 * OperationRules.MaxPayloadDepth);
        Bad(Nested(OperationRules.MaxPayloadDepth + 1)).Field.ShouldBe("payload");
        Bad(Nested(100_000)).ShouldNotBeNull();

        static string Nested(int levels) =>
            $$"""{"entity":"e","entity_id":"1","op":"set","payload":{{new string('[', levels)}}{{new string(']', levels)}}}""";
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused_wherever_they_stand()
    {
        byte[] line = [.. """{"entity":"e","entity_id":"1","op":"set","payload":"a"""u8, 0xC3, 0x28, .. "\"}"u8];

        new OperationLine().Read(line, Given, out _).ShouldNotBeNull().Field.ShouldBe("line");
    }

    private static NewOperation Good(string line)
    {
        new OperationLine().Read(Encoding.UTF8.GetBytes(line.Trim('\n')), Given, out var operation).ShouldBeNull();
        return operation.ShouldNotBeNull();
    }

    private static LineFault Bad(string line)
    {
        var fault = new OperationLine().Read(Encoding.UTF8.GetBytes(line), Given, out var operation);
        operation.ShouldBeNull();
        return fault.ShouldNotBeNull();
    }
}
