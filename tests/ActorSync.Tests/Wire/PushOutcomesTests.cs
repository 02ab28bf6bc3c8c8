using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

public sealed class PushOutcomesTests
{
    [Fact]
    [Trait("criterion", "D3")]
    public void An_answer_in_the_order_sent_names_all_of_it()
    {
        var batch = Batches.Of(1024);
        var result = Named(Batches.Ok(Batches.Answer(Batches.Accepted(batch, Enumerable.Range(0, 1024)))), batch, 0, 1024);

        result.Accepted.Select(one => one.Index).ShouldBe(Enumerable.Range(0, 1024));
        result.Accepted[7].ShouldBe(new PushResult.AcceptedOp(7, 1007, 107, Duplicate: false));
        result.Rejected.ShouldBeEmpty();
        (result.Unknown, result.LastId, result.Head).ShouldBe((0, 2000, Batches.Head));
        result.Receipt.ShouldBe(new PushResult.HubReceipt("d", 42, 17));
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void An_answer_in_any_order_names_the_same_and_in_the_batchs_order()
    {
        var batch = Batches.Of(100);
        var order = Enumerable.Range(0, 100).ToArray();
        new Random(3).Shuffle(order);
        Named(Batches.Ok(Batches.Answer(Batches.Accepted(batch, order))), batch, 0, 100)
            .Accepted.Select(one => one.Index)
            .ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    [Trait("criterion", "D3")]
    public void A_partial_list_and_strangers_leave_the_rest_alone()
    {
        var batch = Batches.Of(10);
        var strangers = Batches.Accepted(Batches.Of(3, seed: 9), 0, 1, 2) + """,{"operation_id":"not a uuid","id":5,"lamport_ts":1}""";
        var result = Named(Batches.Ok(Batches.Answer($"{strangers},{Batches.Accepted(batch, 2, 5)}")), batch, 0, 10);
        result.Accepted.Select(one => one.Index).ShouldBe([2, 5]);
        result.Unknown.ShouldBe(4);
    }

    [Fact]
    [Trait("criterion", "D4")]
    public void Accepted_and_rejected_stand_side_by_side()
    {
        var batch = Batches.Of(4);
        var by = batch.IdAt(1).ToString();
        var rejected = $"{Batches.Rejected(batch, 3, "blocked", by)},{Batches.Rejected(batch, 1)}";
        var result = Named(Batches.Ok(Batches.Answer(Batches.Accepted(batch, 0, 2), rejected)), batch, 0, 4);
        result.Accepted.Select(one => one.Index).ShouldBe([0, 2]);
        result.Rejected.ShouldBe([new(1, "invalid_payload", "No.", null), new(3, "blocked", "No.", by)]);
    }

    [Fact]
    public void Indexes_are_those_of_the_whole_batch_when_a_part_was_sent()
    {
        var batch = Batches.Of(10);
        var reply = Batches.Ok(Batches.Answer(Batches.Accepted(batch, 4, 6, 9), Batches.Rejected(batch, 5)));
        var half = Named(reply, batch, 4, 4);
        half.Accepted.Select(one => one.Index).ShouldBe([4, 6]);
        half.Rejected.ShouldHaveSingleItem().Index.ShouldBe(5);
        half.Unknown.ShouldBe(1, "row 9 was not in this half");

        var chosen = PushOutcomes.Read(reply, batch, [4, 5, 9]).ShouldBeOfType<PushOutcome.Named>().Result;
        chosen.Accepted.Select(one => one.Index).ShouldBe([4, 9]);
        chosen.Unknown.ShouldBe(1);
    }

    [Fact]
    public void A_duplicate_carries_the_stamp_that_stands()
    {
        var batch = Batches.Of(1);
        var result = Named(Batches.Ok(Batches.Answer(Batches.Accepted(batch.IdAt(0), 7, 3, duplicate: true))), batch, 0, 1);
        result.Accepted.ShouldBe([new(0, 7, 3, Duplicate: true)]);
    }

    [Fact]
    public void An_id_named_twice_counts_once()
    {
        var batch = Batches.Of(3);
        var result = Named(
            Batches.Ok(
                Batches.Answer(Batches.Accepted(batch, 0, 1, 0, 1), $"{Batches.Rejected(batch, 2)},{Batches.Rejected(batch, 2, "other")}")
            ),
            batch,
            0,
            3
        );
        result.Accepted.Length.ShouldBe(2);
        result.Rejected.ShouldHaveSingleItem().Error.ShouldBe("invalid_payload");
    }

    [Fact]
    public void What_is_left_out_of_an_answer_is_not_made_up()
    {
        var batch = Batches.Of(1);
        var result = Named(
            Batches.Ok($$$"""{"accepted":[{{{Batches.Accepted(batch, 0)}}}],"head":null,"receipt":null,"new":{"a":[1]}}"""),
            batch,
            0,
            1
        );
        (result.LastId, result.Head, result.Receipt).ShouldBe((0, null, null));
    }

    [Fact]
    [Trait("criterion", "D7")]
    public void A_409_is_a_regression_only_with_its_code_and_its_number()
    {
        Read(Batches.Refused(409, "lamport_regression", ""","device_id":"d","stored_max":57,"offending_lamport_ts":42"""))
            .ShouldBe(new PushOutcome.Regression(57, 42));
        Read(Batches.Refused(409, "lamport_regression", ""","stored_max":57""")).ShouldBe(new PushOutcome.Regression(57, null));
        foreach (
            var other in new[]
            {
                Batches.Refused(409, "lamport_regression"),
                Batches.Refused(409, "lamport_regression", ""","stored_max":-1"""),
                Batches.Refused(409, "lamport_regression", ""","stored_max":"57" """),
                Batches.Refused(409, "lamport_regression", ""","stored_max":9007199254740992"""),
                Batches.Refused(409, "something_else", ""","stored_max":57"""),
                Batches.Foreign(409, """{"stored_max":57}"""),
            }
        )
        {
            Read(other).ShouldBeOfType<PushOutcome.Failed>().Failure.Class.ShouldBe(ErrorClass.Protocol);
        }

        ((PushOutcome.Failed)Read(Batches.Refused(409, "something_else"))).Failure.Message.ShouldContain("something_else, No.");
    }

    [Fact]
    public void Each_row_of_the_outcome_table_has_its_outcome()
    {
        Read(Batches.Refused(410, "resync_required", ""","reason":"history_changed" """))
            .ShouldBe(new PushOutcome.ResyncRequired("history_changed"));
        Read(Batches.Foreign(410)).ShouldBeOfType<PushOutcome.Failed>();
        Read(Batches.Refused(400, "invalid_request")).ShouldBe(new PushOutcome.RefusedWhole(400, "invalid_request", "No."));
        Read(Batches.Foreign(422, "bad")).ShouldBeOfType<PushOutcome.RefusedWhole>().Code.ShouldBe("http_422");
        Read(Batches.Refused(413, "too_large", ""","limit_bytes":4194304""")).ShouldBeOfType<PushOutcome.TooLarge>();
        Read(Batches.Foreign(413)).ShouldBeOfType<PushOutcome.TooLarge>();
        Read(Batches.Foreign(415)).ShouldBeOfType<PushOutcome.EncodingRefused>();
        Read(Batches.Foreign(404)).ShouldBeOfType<PushOutcome.Failed>().Failure.Code.ShouldBe("http_404");
    }

    [Fact]
    [Trait("criterion", "D13")]
    public void Only_our_envelope_with_a_known_code_speaks_of_the_credential()
    {
        foreach (var code in new[] { "token_missing", "token_invalid", "token_expired", "token_revoked" })
        {
            Read(Batches.Refused(401, code)).ShouldBe(new PushOutcome.AuthRefused(401, code, "No."));
            Read(Batches.Refused(403, code)).ShouldBeOfType<PushOutcome.Failed>();
        }

        foreach (var code in new[] { "sync_disabled", "account_restricted", "device_mismatch" })
        {
            Read(Batches.Refused(403, code)).ShouldBe(new PushOutcome.AuthRefused(403, code, "No."));
            Read(Batches.Refused(401, code)).ShouldBeOfType<PushOutcome.Failed>();
        }

        foreach (var status in new[] { 401, 403 })
        {
            foreach (var other in new[] { Batches.Refused(status, "no_such_code"), Batches.Foreign(status), Batches.Foreign(status, "") })
            {
                var failure = Read(other).ShouldBeOfType<PushOutcome.Failed>().Failure;
                failure.Class.ShouldNotBe(ErrorClass.AuthInvalid);
                failure.Class.ShouldNotBe(ErrorClass.AuthForbidden);
            }
        }
    }

    [Theory]
    [InlineData(408, nameof(ErrorClass.TransientServer))]
    [InlineData(425, nameof(ErrorClass.TransientServer))]
    [InlineData(429, nameof(ErrorClass.Throttled))]
    [InlineData(500, nameof(ErrorClass.TransientServer))]
    [InlineData(502, nameof(ErrorClass.TransientServer))]
    [InlineData(503, nameof(ErrorClass.TransientServer))]
    [InlineData(504, nameof(ErrorClass.TransientServer))]
    [Trait("criterion", "D11")]
    public void What_passes_is_a_failure_with_the_hubs_wish(int status, string expected)
    {
        var wait = TimeSpan.FromSeconds(7);
        foreach (var reply in new[] { Batches.Refused(status, "unavailable", retryAfter: wait), Batches.Foreign(status, retryAfter: wait) })
        {
            var failure = Read(reply).ShouldBeOfType<PushOutcome.Failed>().Failure;
            (failure.Class.ToString(), failure.RetryAfter, failure.Code).ShouldBe((expected, wait, $"http_{status}"));
        }
    }

    [Fact]
    public void A_failure_below_is_handed_on_as_it_is()
    {
        var failure = Failures.Make("reset");
        Read(new HubReply.Failed(failure)).ShouldBe(new PushOutcome.Failed(failure));
    }

    [Fact]
    public void What_the_hub_says_is_fit_for_a_terminal()
    {
        var batch = Batches.Of(1);
        var nasty =
            $$"""{"operation_id":"{{batch.IdAt(0)}}","error":"a\u001b[2J","message":"\r\nERROR \u202e{{new string('x', 9000)}}","by":"\u0007"}""";
        var rejected = Named(Batches.Ok(Batches.Answer("", nasty)), batch, 0, 1).Rejected.ShouldHaveSingleItem();
        (rejected.Error + rejected.Message + rejected.By).ShouldAllBe(c => !char.IsControl(c) && c != '\u202e');
        rejected.Message.Length.ShouldBeLessThanOrEqualTo(RemoteText.MaxLength);
    }

    private static PushOutcome Read(HubReply reply) => PushOutcomes.Read(reply, Batches.Of(2), 0, 2);

    private static PushResult Named(HubReply reply, PushBatch batch, int from, int count) =>
        PushOutcomes.Read(reply, batch, from, count).ShouldBeOfType<PushOutcome.Named>().Result;
}
