using System.Text;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

public sealed class HubAnswersTests
{
    private static readonly Uri Hub = new("https://hub.example");
    private static readonly Guid Id = Guid.Parse("0190a0b0-c0d0-7000-8000-000000000001");

    private const string Grant =
        """{"access_token":"a.b.c","refresh_token":"r","expires_in":900,"account":"acc","handle":"me","device_id":"dev"}""";

    [Fact]
    public void Calls_go_where_the_protocol_says()
    {
        HubCalls.OpsPage(Hub, Edge.Token, 7, "a b", 500).Path.ShouldBe("/api/v1/sync/ops?since=7&limit=500&head=a%20b");
        HubCalls.OpById(Hub, Edge.Token, new OperationId(Id)).Path.ShouldBe($"/api/v1/sync/ops/{Id}");
        HubCalls.RevokeSelf(Hub, Edge.Token).Method.ShouldBe(HttpMethod.Delete);
        HubCalls.Health(Hub).Token.ShouldBeNull();
        var redeem = HubCalls.Redeem(Hub, "ABCD2345", new DeviceId("dev"), "Bob's \"PC\"", "n");
        redeem.Token.ShouldBeNull();
        Encoding
            .UTF8.GetString(redeem.Body.Span)
            .ShouldBe("""{"code":"ABCD2345","device_id":"dev","device_name":"Bob\u0027s \u0022PC\u0022","nonce":"n"}""");
        Encoding
            .UTF8.GetString(HubCalls.Refresh(Hub, "r", new DeviceId("dev")).Body.Span)
            .ShouldBe("""{"refresh_token":"r","device_id":"dev"}""");
    }

    [Fact]
    public void A_grant_is_read_whole_or_not_at_all()
    {
        foreach (var read in new Func<HubReply, HubResult<TokenGrant>>[] { HubAnswers.Refresh, HubAnswers.Redeem })
        {
            read(Batches.Ok(Grant))
                .ShouldBe(
                    new HubResult<TokenGrant>.Value(
                        new TokenGrant(new AccessToken("a.b.c"), "r", TimeSpan.FromSeconds(900), "acc", "me", new DeviceId("dev"))
                    )
                );
            foreach (
                var (good, bad) in new[]
                {
                    ("a.b.c", "a\\r\\nb"),
                    ("a.b.c", ""),
                    ("900", "0"),
                    ("900", "\"900\""),
                    ("\"acc\"", "null"),
                    ("\"dev\"", "5"),
                }
            )
            {
                read(Batches.Ok(Grant.Replace(good, bad, StringComparison.Ordinal)))
                    .ShouldBeOfType<HubResult<TokenGrant>.Failed>()
                    .Failure.Class.ShouldBe(ErrorClass.Protocol);
            }
        }

        HubAnswers
            .Refresh(Batches.Ok(Grant.Replace("900", "999999999999999", StringComparison.Ordinal)))
            .ShouldBeOfType<HubResult<TokenGrant>.Value>();
    }

    [Theory]
    [InlineData(400, "invalid_code")]
    [InlineData(404, "unknown_code")]
    [InlineData(409, "already_redeemed")]
    [InlineData(410, "expired")]
    [Trait("criterion", "A14")]
    public void A_pairing_is_refused_by_name(int status, string code)
    {
        HubAnswers
            .Redeem(Batches.Refused(status, code))
            .ShouldBe(new HubResult<TokenGrant>.Refused(status, code, "No.", ErrorClass.Protocol));
        HubAnswers.Redeem(Batches.Foreign(status)).ShouldBeOfType<HubResult<TokenGrant>.Failed>();
        HubAnswers.Redeem(Batches.Refused(status, "other")).ShouldBeOfType<HubResult<TokenGrant>.Failed>();
    }

    [Fact]
    public void Too_many_tries_and_a_hub_in_trouble_are_not_refusals()
    {
        var wait = TimeSpan.FromSeconds(30);
        var failure = HubAnswers
            .Redeem(Batches.Refused(429, "throttled", retryAfter: wait))
            .ShouldBeOfType<HubResult<TokenGrant>.Failed>()
            .Failure;
        (failure.Class, failure.RetryAfter).ShouldBe((ErrorClass.Throttled, wait));
        HubAnswers.Refresh(Batches.Refused(503, "unavailable")).ShouldBeOfType<HubResult<TokenGrant>.Failed>();
    }

    [Fact]
    public void Only_the_hub_itself_refuses_a_credential()
    {
        HubAnswers
            .Refresh(Batches.Refused(401, "invalid_grant"))
            .ShouldBe(new HubResult<TokenGrant>.Refused(401, "invalid_grant", "No.", ErrorClass.AuthInvalid));
        HubAnswers
            .Me(Batches.Refused(403, "sync_disabled"))
            .ShouldBe(new HubResult<HubIdentity>.Refused(403, "sync_disabled", "No.", ErrorClass.AuthForbidden));
        HubAnswers.Me(Batches.Refused(401, "token_revoked")).ShouldBeOfType<HubResult<HubIdentity>.Refused>();
        HubAnswers.Me(Batches.Foreign(401)).ShouldBeOfType<HubResult<HubIdentity>.Failed>();
        HubAnswers.Me(Batches.Refused(401, "nonsense")).ShouldBeOfType<HubResult<HubIdentity>.Failed>();
    }

    [Theory]
    [InlineData("token_expired", 6, true)]
    [InlineData("token_invalid", -6, true)]
    [InlineData("token_expired", 4, false)]
    [InlineData("token_revoked", 600, false)]
    public void A_clock_that_is_off_spoils_the_evidence_of_an_expiry(string code, int minutesOff, bool spoils)
    {
        var reply = Batches.Refused(401, code) with { Skew = TimeSpan.FromMinutes(minutesOff) };
        var me = HubAnswers.Me(reply);
        (me is HubResult<HubIdentity>.Failed { Failure.Class: ErrorClass.ClockSkew }).ShouldBe(spoils);
        (me is HubResult<HubIdentity>.Refused).ShouldBe(!spoils);

        // A push and a refresh go on: they lead to a refresh, never to a loss by themselves.
        PushOutcomes.Read(reply, Batches.Of(1), 0, 1).ShouldBeOfType<PushOutcome.AuthRefused>();
        HubAnswers.Refresh(reply).ShouldBeOfType<HubResult<TokenGrant>.Refused>();
    }

    [Fact]
    public void Who_we_are_is_read()
    {
        var me = HubAnswers.Me(
            Batches.Ok("""{"account":"acc","handle":null,"device_id":"dev","token_expires_at":"2030-01-01T00:00:00Z"}""")
        );
        me.ShouldBe(
            new HubResult<HubIdentity>.Value(
                new HubIdentity("acc", null, new DeviceId("dev"), new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
            )
        );
    }

    [Fact]
    public void An_operation_that_the_hub_lacks_is_null_only_when_the_hub_says_so()
    {
        HubAnswers
            .OpById(Batches.Ok("""{"id":5,"lamport_ts":7,"device_id":"dev"}"""))
            .ShouldBe(new HubResult<HubOperation?>.Value(new HubOperation(5, 7, new DeviceId("dev"))));
        HubAnswers.OpById(Batches.Refused(404, "unknown_operation")).ShouldBe(new HubResult<HubOperation?>.Value(null));
        HubAnswers.OpById(Batches.Foreign(404)).ShouldBeOfType<HubResult<HubOperation?>.Failed>();
    }

    [Fact]
    public void Revoking_is_done_with_204()
    {
        HubAnswers.RevokeSelf(Batches.Foreign(204, "")).ShouldBe(new HubResult<Nothing>.Value(default));
        HubAnswers.RevokeSelf(Batches.Ok("{}")).ShouldBeOfType<HubResult<Nothing>.Failed>();
        HubAnswers.RevokeSelf(Batches.Refused(401, "token_revoked")).ShouldBeOfType<HubResult<Nothing>.Refused>();
    }

    [Fact]
    public void A_page_keeps_each_operation_as_it_came()
    {
        var op = $$$"""{"id":8,"operation_id":"{{{Id}}}","device_id":"dev","lamport_ts":3,"payload":{"a":[1, 2]}}""";
        var page = HubAnswers
            .OpsPage(Batches.Ok($$"""{"ops":[ {{op}} ],"last_id":9,"head":"{{Batches.Head}}","has_more":true,"x":1}"""))
            .ShouldBeOfType<HubResult<OpsPage>.Value>()
            .Content;
        (page.LastId, page.Head, page.HasMore).ShouldBe((9, Batches.Head, true));
        var pulled = page.Ops.ShouldHaveSingleItem();
        (pulled.Id, pulled.OperationId.Value, pulled.Device.Value, pulled.Lamport).ShouldBe((8, Id, "dev", 3));
        Encoding.UTF8.GetString(pulled.Raw.Span).ShouldBe(op);
        HubAnswers
            .OpsPage(Batches.Ok("""{"ops":[],"last_id":0,"head":null,"has_more":false}"""))
            .ShouldBeOfType<HubResult<OpsPage>.Value>();
        HubAnswers.OpsPage(Batches.Refused(410, "resync_required")).ShouldBeOfType<HubResult<OpsPage>.Refused>();
    }

    [Theory]
    [InlineData("""{"ops":[],"last_id":0}""")]
    [InlineData("""{"ops":{},"last_id":0,"has_more":false}""")]
    [InlineData("""{"ops":[1],"last_id":0,"has_more":false}""")]
    [InlineData("""{"ops":[{}],"last_id":0,"has_more":false}""")]
    [InlineData("""{"ops":[],"ops":[],"last_id":0,"has_more":false}""")]
    [InlineData("""{"ops":[],"last_id":0,"has_more":false,"head":"x"}""")]
    [InlineData("""{"ops":[],"last_id":0,"has_more":false}}""")]
    [InlineData("""{"ops":[OP,OP],"last_id":9,"has_more":false}""")]
    [InlineData("""{"ops":[OP],"last_id":7,"has_more":false}""")]
    [InlineData("""{"ops":[OP""")]
    public void A_page_that_is_none_is_a_failure(string body)
    {
        var op = $$"""{"id":8,"operation_id":"{{Id}}","device_id":"dev","lamport_ts":3}""";
        HubAnswers
            .OpsPage(Batches.Ok(body.Replace("OP", op, StringComparison.Ordinal)))
            .ShouldBeOfType<HubResult<OpsPage>.Failed>()
            .Failure.Class.ShouldBe(ErrorClass.Protocol);
    }

    [Fact]
    public void Digest_and_health_are_read()
    {
        var digest = HubAnswers
            .Digest(Batches.Ok($$$"""{"cursor":4,"digest":"{{{Batches.Head}}}","entities":{"b":"2","a":"1"}}"""))
            .ShouldBeOfType<HubResult<HubDigest>.Value>()
            .Content;
        digest.Entities.Keys.ShouldBe(["a", "b"]);
        HubAnswers.Digest(Batches.Ok("""{"cursor":4,"digest":"x","entities":{}}""")).ShouldBeOfType<HubResult<HubDigest>.Failed>();
        HubAnswers
            .Health(Batches.Ok("""{"status":"ok","version":"0.1.0","protocol":1}"""))
            .ShouldBe(new HubResult<HubHealth>.Value(new HubHealth("ok", "0.1.0", 1)));
        HubAnswers.Health(Batches.Ok("""{"status":"ok"}""")).ShouldBeOfType<HubResult<HubHealth>.Failed>();
    }

    [Fact]
    [Trait("invariant", "I17")]
    public void Garbage_in_any_answer_never_throws()
    {
        var random = new Random(5);
        string[] honest =
        [
            Grant,
            """{"cursor":4,"digest":"x","entities":{"a":1}}""",
            $$"""{"ops":[{"id":8,"operation_id":"{{Id}}","device_id":"d","lamport_ts":3}],"last_id":9,"has_more":true}""",
        ];
        for (var i = 0; i < 5_000; i++)
        {
            var body = Encoding.UTF8.GetBytes(honest[random.Next(honest.Length)]);
            for (var times = random.Next(1, 4); times > 0; times--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            var reply = new HubReply.Answered(random.Next(5) == 0 ? random.Next(100, 600) : 200, body, IsJson: true, null, null, null);
            HubAnswers.Me(reply);
            HubAnswers.Refresh(reply);
            HubAnswers.Redeem(reply);
            HubAnswers.OpsPage(reply);
            HubAnswers.OpById(reply);
            HubAnswers.Digest(reply);
            HubAnswers.Health(reply);
            HubAnswers.RevokeSelf(reply);
        }
    }
}
