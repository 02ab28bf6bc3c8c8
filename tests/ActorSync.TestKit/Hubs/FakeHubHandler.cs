using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace ActorSync.TestKit.Hubs;

/// <summary>The bottom of an HttpClient that reaches a fake hub through a virtual wire. One for each node.</summary>
/// <remarks>A request that is under way when its node is killed still arrives; its answer does not.</remarks>
/// <param name="handle">What a request that arrives is answered with; a test may stand between the wire and the hub.</param>
public sealed class FakeHubHandler(Node node, Func<HubRequest, HubReaction> handle, VirtualWire wire) : HttpMessageHandler
{
    private readonly World _world = node.World;

    public FakeHubHandler(Node node, FakeHub hub, VirtualWire? wire = null)
        : this(node, hub.Handle, wire ?? new VirtualWire()) { }

    /// <summary>Called for each request as it leaves.</summary>
    public Action<HubRequest>? Sent { get; set; }

    /// <summary>Called for each answer as it arrives.</summary>
    public Action<HubRequest, HubAnswer>? Received { get; set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var exchange = new Exchange(cancellationToken);
        var read = Read(request);
        _world.Trace.Add($"{node.Name} sends {read.Method} {read.Path} ({read.Body.Length} B)");
        Sent?.Invoke(read);
        if (wire.HasNoNames)
        {
            Break(exchange, HttpRequestError.NameResolutionError, silent: 0);
            return exchange.Task;
        }

        if (wire.IsDown || wire.Strikes(_world.Random, wire.LosesRequest, "request lost"))
        {
            Break(exchange, wire.IsDown ? HttpRequestError.ConnectionError : HttpRequestError.Unknown);
            return exchange.Task;
        }

        _world.At(wire.Latency(_world.Random), () => Arrive(exchange, read));
        if (wire.Strikes(_world.Random, wire.Duplicates, "request duplicated"))
        {
            _world.At(wire.Latency(_world.Random) + wire.Latency(_world.Random), () => handle(read));
        }

        return exchange.Task;
    }

    private void Arrive(Exchange exchange, HubRequest request)
    {
        var reaction = handle(request);
        if (wire.IsDown || wire.AnswersBlocked || wire.Strikes(_world.Random, wire.LosesAnswer, "answer lost"))
        {
            Break(exchange, HttpRequestError.Unknown);
        }
        else if (reaction is { Reset: true, CutAfter: null })
        {
            Break(exchange, HttpRequestError.Unknown, silent: 0);
        }
        else if (reaction.Answer is { } answer)
        {
            var late = wire.Strikes(_world.Random, wire.Delays, "answer late")
                ? TimeSpan.FromTicks(_world.Random.NextInt64(wire.LateBy.Ticks))
                : TimeSpan.Zero;
            node.At(wire.Latency(_world.Random) + reaction.Delay + late, () => Deliver(exchange, request, answer, reaction.CutAfter));
        }
    }

    // An answer that nobody waits for any more was never heard.
    private void Deliver(Exchange exchange, HubRequest request, HubAnswer answer, int? cutAfter)
    {
        if (!exchange.Task.IsCompleted)
        {
            _world.Trace.Add($"{node.Name} gets {answer.Status} for {request.Method} {request.Path}");
            Received?.Invoke(request, answer);
            exchange.Done(Response(answer, cutAfter));
        }
    }

    private void Break(Exchange exchange, HttpRequestError error, double? silent = null)
    {
        if (_world.Random.NextDouble() < (silent ?? wire.Silent))
        {
            return;
        }

        var cause = new SocketException(
            (int)(
                error switch
                {
                    HttpRequestError.ConnectionError => SocketError.ConnectionRefused,
                    HttpRequestError.NameResolutionError => SocketError.HostNotFound,
                    _ => SocketError.ConnectionReset,
                }
            )
        );
        node.At(
            wire.Latency(_world.Random),
            () => exchange.Fail(new HttpRequestException(error, "the wire broke", new IOException("reset", cause)))
        );
    }

    private static HubRequest Read(HttpRequestMessage request)
    {
        // Contents of the code under test lie in memory: reading them waits for nobody.
        using var body = new MemoryStream();
        request.Content?.CopyTo(body, null, CancellationToken.None);
        return HubTransport.Read(
            request.Method.Method,
            request.RequestUri!.AbsolutePath,
            request.RequestUri.Query,
            request.Headers.Authorization?.ToString(),
            body.ToArray(),
            request.Content?.Headers.ContentEncoding.FirstOrDefault()
        );
    }

    private static HttpResponseMessage Response(HubAnswer answer, int? cutAfter)
    {
        HttpContent content =
            cutAfter is { } bytes && bytes < answer.Body.Length
                ? new StreamContent(new CutStream(answer.Body, bytes))
                : new ByteArrayContent(answer.Body);
        if (answer.ContentType is { } type)
        {
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        content.Headers.ContentLength = answer.Body.Length;
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = content };
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }

    // Continuations run at once, on the world's thread.
    private sealed class Exchange
    {
        private readonly TaskCompletionSource<HttpResponseMessage> _done = new();

        public Exchange(CancellationToken cancellation) => cancellation.Register(() => _done.TrySetCanceled(cancellation));

        public Task<HttpResponseMessage> Task => _done.Task;

        public void Done(HttpResponseMessage response) => _done.TrySetResult(response);

        public void Fail(Exception error) => _done.TrySetException(error);
    }
}
