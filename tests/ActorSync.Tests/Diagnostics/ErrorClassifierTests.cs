using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using ActorSync.Diagnostics;
using ActorSync.TestKit.Network;
using ActorSync.Tests.Wire;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Diagnostics;

[Trait("criterion", "H8")]
public sealed class ErrorClassifierTests
{
    [Fact]
    public void The_callers_token_is_asked_first()
    {
        var reset = new HttpRequestException("reset", new SocketException((int)SocketError.ConnectionReset));
        ErrorClassifier.Classify(reset, new CancellationToken(canceled: true)).Class.ShouldBe(ErrorClass.Cancelled);
        ErrorClassifier.Classify(reset).Class.ShouldBe(ErrorClass.TransientNetwork);
    }

    [Fact]
    public void A_cancellation_that_the_caller_did_not_ask_for_is_a_timeout() =>
        ErrorClassifier
            .Classify(new TaskCanceledException())
            .ShouldSatisfyAllConditions(
                failure => failure.Class.ShouldBe(ErrorClass.TransientNetwork),
                failure => failure.Code.ShouldBe("timeout")
            );

    // The facts about .NET that the classifier stands on. When one of these fails, read the classifier again.

    [Fact]
    public async Task Dotnet_says_nothing_of_a_reset_but_in_the_innermost_exception()
    {
        await using var server = AdversaryServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            connection.Reset();
        });
        var error = await FailAsync(server.Address);
        error.ShouldBeOfType<HttpRequestException>().HttpRequestError.ShouldBe(HttpRequestError.Unknown);
        ErrorClassifier.Classify(error).Code.ShouldBe("reset");
    }

    [Fact]
    public async Task Dotnet_calls_a_connect_timeout_a_cancellation_of_its_own()
    {
        using var hole = await BlackHole.OpenAsync() ?? throw new PlatformNotSupportedException();
        var error = await FailAsync(hole.Address);
        error.ShouldBeOfType<TaskCanceledException>().CancellationToken.IsCancellationRequested.ShouldBeTrue();
        ErrorClassifier.Classify(error).Code.ShouldBe("connect_timeout", error.ToString());
    }

    [Fact]
    public void A_socket_error_inside_a_tls_error_says_more_than_it() =>
        ErrorClassifier
            .Classify(
                new HttpRequestException(
                    HttpRequestError.SecureConnectionError,
                    "TLS",
                    new AuthenticationException("failed", new IOException("", new SocketException((int)SocketError.ConnectionReset)))
                )
            )
            .Code.ShouldBe("reset");

    [Fact]
    public void Every_branch_of_an_aggregate_is_looked_at() =>
        ErrorClassifier
            .Classify(new AggregateException(new TaskCanceledException(), new SocketException((int)SocketError.HostNotFound)))
            .Code.ShouldBe("dns");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void No_exception_graph_throws_or_is_evidence_about_a_credential(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 2_000; i++)
        {
            var graph = Graph(random, depth: random.Next(8));
            var failure = ErrorClassifier.Classify(graph);
            failure.Class.ShouldNotBe(ErrorClass.AuthInvalid, graph.GetType().Name);
            failure.Class.ShouldNotBe(ErrorClass.AuthForbidden);
            failure.Class.ShouldNotBe(ErrorClass.Cancelled);
            Failures.Codes.ShouldContain(failure.Code, StringComparer.Ordinal);
            failure.Message.ShouldAllBe(c => !char.IsControl(c));
            failure.Message.Length.ShouldBeLessThan(RemoteText.MaxLength + 200);
        }
    }

    private static Exception Graph(Random random, int depth)
    {
        var inner = depth == 0 ? null : Graph(random, depth - 1);
        var text = random.Next(4) switch
        {
            0 => "401 token_revoked \u001b[31m",
            1 => new string('x', 5_000),
            2 => "\ud800 half",
            _ => "The remote certificate is invalid",
        };
        return random.Next(16) switch
        {
            0 => new HttpRequestException(Pick<HttpRequestError>(random), text, inner, (HttpStatusCode)random.Next(100, 600)),
            1 => new HttpIOException(Pick<HttpRequestError>(random), text, inner),
            2 => new SocketException((int)Pick<SocketError>(random)),
            3 => new IOException(text, inner) { HResult = random.Next(200) },
            4 => new IOException(text, unchecked((int)0x80070000) | random.Next(0x600)),
            5 => new AuthenticationException(text, inner),
            6 => new TaskCanceledException(text, inner, new CancellationToken(canceled: true)),
            7 => new TimeoutException(text, inner),
            8 => new AggregateException(
                text,
                Enumerable.Range(0, random.Next(5)).Select(_ => Graph(random, depth: Math.Min(depth, 2))).Append(inner ?? new IOException())
            ),
            9 => new UnauthorizedAccessException(text, inner),
            10 => new JsonException(text, inner),
            11 => new SqliteException(text, random.Next(30), random.Next(10_000)),
            12 => new ThrowsItself(inner),
            13 => new InvalidOperationException(text, inner),
            14 => new ObjectDisposedException(text, inner),
            _ => new Exception(text, inner),
        };
    }

    private static T Pick<T>(Random random)
        where T : struct, Enum => Enum.GetValues<T>()[random.Next(Enum.GetValues<T>().Length)];

    private static async Task<Exception> FailAsync(Uri address)
    {
        using var handler = HubTransport(Edge.ShortConnect);
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await Record.ExceptionAsync(() => client.SendAsync(request, CancellationToken.None))
            ?? throw new InvalidOperationException("it answered");
    }

    private static SocketsHttpHandler HubTransport(HttpSettings settings) =>
        ActorSync.Wire.HubTransport.Create(settings, TimeProvider.System);

    private sealed class ThrowsItself(Exception? inner) : Exception("", inner)
    {
        public override string Message => throw new InvalidOperationException("no message for you");

        public override string StackTrace => throw new InvalidOperationException();
    }
}
