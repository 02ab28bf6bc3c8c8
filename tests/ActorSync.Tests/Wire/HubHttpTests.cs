using System.IO.Compression;
using System.Text;
using ActorSync.Diagnostics;
using ActorSync.TestKit.Network;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

public sealed class HubHttpTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

    [Fact]
    public async Task A_push_says_who_it_is_from_and_what_it_carries()
    {
        await using var server = AdversaryServer.Answering(Ok);
        var body = Encoding.UTF8.GetBytes("""{"ops":[]}""");
        var reply = await Edge.SendAsync(HubCalls.Push(new Uri(server.Address, "/base/"), Edge.Token, body, gzip: true));

        reply.ShouldBeOfType<HubReply.Answered>().Status.ShouldBe(200);
        var request = server.Requests.ShouldHaveSingleItem();
        request.Head.ShouldStartWith("POST /base/api/v1/sync/ops HTTP/1.1\r\n");
        request.Body.ShouldBe(body);
        request.Header("Authorization").ShouldBe("Bearer canary.access.token");
        request.Header("Content-Type").ShouldBe("application/json");
        request.Header("Content-Encoding").ShouldBe("gzip");
        request.Header("Content-Length").ShouldBe("10");
        request.Header("X-Request-Id").ShouldNotBeNull().Length.ShouldBe(32);
        request.Header("Expect").ShouldBeNull();
        request.Header("traceparent").ShouldBeNull();
    }

    [Fact]
    public async Task Each_request_has_an_id_of_its_own()
    {
        await using var server = AdversaryServer.Answering(Ok);
        using var hub = Edge.Open();
        for (var i = 0; i < 20; i++)
        {
            await hub.SendAsync(Edge.Get(server.Address), CancellationToken.None);
        }

        server.Requests.Select(request => request.Header("X-Request-Id")).Distinct(StringComparer.Ordinal).Count().ShouldBe(20);
        server.Connections.ShouldBe(1, "the connection is kept");
    }

    [Theory]
    [InlineData("302 Found")]
    [InlineData("303 See Other")]
    [InlineData("307 Temporary Redirect")]
    [InlineData("308 Permanent Redirect")]
    [Trait("criterion", "D18")]
    public async Task No_redirect_is_followed_and_the_bearer_stays_home(string status)
    {
        await using var elsewhere = AdversaryServer.Answering(Ok);
        await using var server = AdversaryServer.Answering(
            AdversaryConnection.Answer(status, "text/html", "", $"Location: http://localhost:{elsewhere.Port}/\r\n")
        );
        (await Edge.SendAsync(Edge.Push(server.Address))).ShouldBeOfType<HubReply.Failed>();
        elsewhere.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData("@evil.example/")]
    [InlineData(":80@evil.example/")]
    [InlineData("")]
    [InlineData(".evil.example/")]
    [Trait("criterion", "D18")]
    public async Task A_path_cannot_name_another_host(string path)
    {
        await using var server = AdversaryServer.Answering(Ok);
        var call = Edge.Get(server.Address) with { Path = path };
        (await Edge.SendAsync(call)).ShouldBeOfType<HubReply.Failed>().Failure.Code.ShouldBe("invalid_url");
        server.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData("//evil.example/v1")]
    [InlineData("/\\evil.example/v1")]
    [InlineData("/../../evil.example")]
    public async Task A_strange_path_still_goes_to_the_hub(string path)
    {
        await using var server = AdversaryServer.Answering(Ok);
        (await Edge.SendAsync(Edge.Get(server.Address) with { Path = path })).ShouldBeOfType<HubReply.Answered>();
        server.Connections.ShouldBe(1);
    }

    [Theory]
    [InlineData("a\r\nX-Injected: 1")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("")]
    public async Task A_token_that_no_header_can_carry_is_not_sent(string token)
    {
        await using var server = AdversaryServer.Answering(Ok);
        var failure = (
            await Edge.SendAsync(Edge.Get(server.Address) with { Token = new AccessToken(token) })
        ).ShouldBeOfType<HubReply.Failed>();
        failure.Failure.Code.ShouldBe("credential_malformed");
        server.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Cookies_of_a_stranger_are_not_sent_back()
    {
        await using var server = AdversaryServer.Answering(
            AdversaryConnection.Answer("200 OK", "application/json", "{}", "Set-Cookie: a=b\r\n")
        );
        using var hub = Edge.Open();
        await hub.SendAsync(Edge.Get(server.Address), CancellationToken.None);
        await hub.SendAsync(Edge.Get(server.Address), CancellationToken.None);
        server.Requests.ShouldAllBe(request => request.Header("Cookie") == null);
    }

    [Fact]
    public async Task A_packed_answer_is_unpacked_within_the_bound()
    {
        var text = $"[{string.Join(',', Enumerable.Range(0, 5000))}]";
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        async Task<HubReply> Ask(int bound) =>
            await Edge.MeetAsync(
                async connection =>
                {
                    var request = await connection.ReadRequestAsync();
                    request!.Header("Accept-Encoding").ShouldBe("gzip");
                    var head =
                        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n";
                    await connection.WriteAsync(head);
                    await connection.WriteAsync(packed.ToArray());
                },
                maxAnswer: bound
            );

        Encoding.UTF8.GetString((await Ask(text.Length)).ShouldBeOfType<HubReply.Answered>().Body.Span).ShouldBe(text);
        (await Ask(text.Length - 1)).ShouldBeOfType<HubReply.Failed>().Failure.Code.ShouldBe("answer_too_large");
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(99, false)]
    public async Task The_bound_is_exact_with_and_without_a_length(int bound, bool fits)
    {
        var body = $"[{new string(' ', 98)}]";
        string[] answers =
        [
            AdversaryConnection.Answer("200 OK", "application/json", body),
            $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{body}\r\n0\r\n\r\n",
        ];
        foreach (var answer in answers)
        {
            ((await Edge.MeetAsync(answer, bound)) is HubReply.Answered).ShouldBe(fits);
        }
    }

    [Fact]
    public async Task An_error_as_deep_as_a_well_is_not_our_envelope()
    {
        var deep = $$"""{"error":"token_revoked","message":"No.","x":{{new string('[', 5000)}}{{new string(']', 5000)}}}""";
        var failure = (
            await Edge.MeetAsync(AdversaryConnection.Answer("401 No", "application/json", deep))
        ).ShouldBeOfType<HubReply.Failed>();
        failure.Failure.Class.ShouldBe(ErrorClass.Protocol);
    }

    [Fact]
    public async Task The_caller_who_gives_up_gets_his_own_cancellation_at_once()
    {
        var arrived = new TaskCompletionSource();
        await using var server = AdversaryServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            arrived.SetResult();
            await connection.HoldAsync();
        });
        using var hub = Edge.Open();
        using var cancel = new CancellationTokenSource();
        var call = hub.SendAsync(Edge.Push(server.Address), cancel.Token);
        await arrived.Task;
        await cancel.CancelAsync();

        var error = await Record.ExceptionAsync(() => call);
        error.ShouldBeAssignableTo<OperationCanceledException>()!.CancellationToken.ShouldBe(cancel.Token);
        (
            await Record.ExceptionAsync(() => hub.SendAsync(Edge.Push(server.Address), cancel.Token))
        ).ShouldBeAssignableTo<OperationCanceledException>();
    }

    [Fact]
    public async Task A_closed_client_answers_too()
    {
        var hub = Edge.Open();
        hub.Dispose();
        (await hub.SendAsync(Edge.Get(new Uri("http://127.0.0.1:9")), CancellationToken.None))
            .ShouldBeOfType<HubReply.Failed>()
            .Failure.Code.ShouldBe("closed");
    }

    [Fact]
    public async Task A_kept_connection_that_the_hub_has_closed_is_replaced_without_a_failure()
    {
        await using var server = AdversaryServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(Ok);
        });
        using var hub = Edge.Open();
        var good = 0;
        for (var i = 0; i < 20; i++)
        {
            good += await hub.SendAsync(Edge.Get(server.Address), CancellationToken.None) is HubReply.Answered ? 1 : 0;
        }

        // The end may arrive after the next request has left; that one is a failure like any other.
        good.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task A_large_body_is_given_back_once_and_the_next_answer_is_whole()
    {
        var body = $"[{string.Join(',', Enumerable.Range(0, 30_000))}]";
        await using var server = AdversaryServer.Answering(AdversaryConnection.Answer("200 OK", "application/json", body));
        using var hub = Edge.Open();
        for (var i = 0; i < 5; i++)
        {
            var reply = await hub.SendAsync(Edge.Get(server.Address, maxAnswer: body.Length), CancellationToken.None);
            Encoding.UTF8.GetString(reply.ShouldBeOfType<HubReply.Answered>().Body.Span).ShouldBe(body);
            reply.Release();
            reply.Release();
        }
    }

    [Fact]
    public void Nothing_that_is_printed_holds_the_token()
    {
        var call = HubCalls.Refresh(new Uri("https://hub.example"), "canary.refresh", new("device"));
        call.ToString().ShouldNotContain("canary");
        (call with { Token = Edge.Token }).ToString().ShouldNotContain("canary");
        new TokenGrant(Edge.Token, "canary.refresh", TimeSpan.FromMinutes(1), "a", null, new("d")).ToString().ShouldNotContain("canary");
    }
}
