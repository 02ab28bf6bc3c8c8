using System.Text;
using ActorSync.Diagnostics;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

public sealed class ForeignAnswerTests
{
    public static TheoryData<string> NotOurs =>
        [
            "",
            "{",
            "{}",
            "null",
            "[]",
            "42",
            "\"accepted\"",
            "<html>",
            """{"status":"ok"}""",
            """{"accepted":{}}""",
            """{"accepted":null}""",
            """{"accepted":[1]}""",
            """{"accepted":[null]}""",
            """{"accepted":[{}]}""",
            """{"accepted":[ID_WITHOUT_STAMP]}""",
            """{"accepted":[BAD_STAMP]}""",
            """{"accepted":[HUGE_STAMP]}""",
            """{"accepted":[TEXT_STAMP]}""",
            """{"accepted":[BAD_ID]}""",
            """{"accepted":[ACCEPTED],"accepted":[]}""",
            """{"accepted":[ACCEPTED]} {}""",
            """{"accepted":[ACCEPTED]}x""",
            """{"accepted":[ACCEPTED,]}""",
            """{"accepted":[ACCEPTED],}""",
            """{"accepted":[ACCEPTED]/**/}""",
            """{"accepted":[ACCEPTED],"rejected":[{"operation_id":"x"}]}""",
            """{"accepted":[ACCEPTED],"rejected":[{"error":"x"}]}""",
            """{"accepted":[ACCEPTED],"rejected":[REJECTED]}""",
            """{"rejected":[REJECTED],"accepted":[ACCEPTED]}""",
            """{"accepted":[ACCEPTED,OTHER_STAMP]}""",
            """{"accepted":[ACCEPTED],"rejected":{}}""",
            """{"accepted":[ACCEPTED],"last_id":-1}""",
            """{"accepted":[ACCEPTED],"last_id":"1"}""",
            """{"accepted":[ACCEPTED],"last_id":1e99}""",
            """{"accepted":[ACCEPTED],"head":"abc"}""",
            """{"accepted":[ACCEPTED],"head":7}""",
            """{"accepted":[ACCEPTED],"receipt":{}}""",
            """{"accepted":[ACCEPTED],"receipt":[]}""",
            """{"accepted":[ACCEPTED],"receipt":{"device_id":"d","highest_lamport":-1,"count":1}}""",
            """{"accepted":[ACCEPTED],"x":DEEP}""",
            """{"accepted":[ACCEPTED],"x":"\ud800"}OPEN""",
        ];

    [Theory]
    [MemberData(nameof(NotOurs))]
    [Trait("criterion", "D3")]
    public void A_200_with_anything_else_in_it_names_nothing(string template)
    {
        var batch = Batches.Of(2);
        var id = batch.IdAt(0).ToString();
        var body = template
            .Replace("OTHER_STAMP", Batches.Accepted(batch.IdAt(0), 1000, 99), StringComparison.Ordinal)
            .Replace("ACCEPTED", Batches.Accepted(batch, 0), StringComparison.Ordinal)
            .Replace("REJECTED", Batches.Rejected(batch, 0), StringComparison.Ordinal)
            .Replace("ID_WITHOUT_STAMP", $$"""{"operation_id":"{{id}}","id":1}""", StringComparison.Ordinal)
            .Replace("BAD_STAMP", Batches.Accepted(batch.IdAt(0), 1, -1), StringComparison.Ordinal)
            .Replace("HUGE_STAMP", Batches.Accepted(batch.IdAt(0), 1, 1L << 53), StringComparison.Ordinal)
            .Replace("TEXT_STAMP", $$"""{"operation_id":"{{id}}","id":1,"lamport_ts":"1"}""", StringComparison.Ordinal)
            .Replace("BAD_ID", Batches.Accepted(batch.IdAt(0), 0, 1), StringComparison.Ordinal)
            .Replace("DEEP", new string('[', 40) + new string(']', 40), StringComparison.Ordinal);
        var failure = PushOutcomes.Read(Batches.Ok(body), batch, 0, 2).ShouldBeOfType<PushOutcome.Failed>().Failure;
        failure.Class.ShouldBe(ErrorClass.Protocol);
        failure.Message.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void A_200_with_one_broken_byte_anywhere_names_nothing()
    {
        var batch = Batches.Of(1);
        var body = Encoding.UTF8.GetBytes(Batches.Answer(Batches.Accepted(batch, 0), more: ""","future":"some text" """));
        body[^8] = 0xFF;
        PushOutcomes.Read(Batches.Ok("") with { Body = body }, batch, 0, 1).ShouldBeOfType<PushOutcome.Failed>();
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void A_page_is_a_portals_whatever_its_status_says()
    {
        var batch = Batches.Of(1);
        PushOutcomes
            .Read(Batches.Foreign(200), batch, 0, 1)
            .ShouldBeOfType<PushOutcome.Failed>()
            .Failure.Class.ShouldBe(ErrorClass.CaptivePortal);
        PushOutcomes
            .Read(Batches.Foreign(200, "ok"), batch, 0, 1)
            .ShouldBeOfType<PushOutcome.Failed>()
            .Failure.Class.ShouldBe(ErrorClass.Protocol);
        PushOutcomes
            .Read(Batches.Foreign(204, ""), batch, 0, 1)
            .ShouldBeOfType<PushOutcome.Failed>()
            .Failure.Class.ShouldBe(ErrorClass.Protocol);
        PushOutcomes.Read(Batches.Ok(Batches.Answer("")) with { Status = 202 }, batch, 0, 1).ShouldBeOfType<PushOutcome.Failed>();
    }
}
