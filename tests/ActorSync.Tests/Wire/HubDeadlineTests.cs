using System.Net;
using System.Text;
using ActorSync.TestKit;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

/// <summary>The same client over a simulated wire: deadlines in virtual time, and no thread but the world's.</summary>
[Trait("criterion", "D17")]
public sealed class HubDeadlineTests
{
    private static readonly HttpSettings Settings = new(
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromSeconds(15),
        MaxConnections: 4,
        UseProxy: false
    );

    private static readonly Uri Hub = new("http://hub.invalid");

    [Fact]
    public void A_hub_that_never_answers_costs_the_response_time_and_no_more()
    {
        using var world = new World(seed: 1);
        using var hub = new HubHttp(Settings, world.Platform(new Wire(world) { Answers = _ => null }));
        var reply = hub.SendAsync(Edge.Push(Hub), CancellationToken.None);

        world.Run(TimeSpan.FromSeconds(29.9));
        reply.IsCompleted.ShouldBeFalse();
        world.Run(TimeSpan.FromSeconds(0.2));
        reply.IsCompleted.ShouldBeTrue();
        world.Await(reply).ShouldBeOfType<HubReply.Failed>().Failure.Code.ShouldBe("response_timeout");
        world.Strays.ShouldBe(0);
    }

    [Fact]
    public void A_body_that_moves_slowly_is_read_and_one_that_trickles_is_not()
    {
        foreach (var (piece, code) in new[] { (HubDeadline.Progress, null), (HubDeadline.Progress / 2, "idle_timeout") })
        {
            using var world = new World(seed: 1);
            var body = Encoding.UTF8.GetBytes($"[{new string(' ', (HubDeadline.Progress * 4) - 2)}]");
            using var hub = new HubHttp(
                Settings,
                world.Platform(new Wire(world) { Answers = _ => new SlowStream(world, body, piece, TimeSpan.FromSeconds(14)) })
            );
            var reply = world.Await(hub.SendAsync(Edge.Get(Hub, body.Length), CancellationToken.None), TimeSpan.FromMinutes(5));
            (reply as HubReply.Failed)?.Failure.Code.ShouldBe(code);
            (reply is HubReply.Answered).ShouldBe(code is null);
            world.Strays.ShouldBe(0);
        }
    }

    [Fact]
    public void Every_continuation_stays_on_the_worlds_thread()
    {
        using var world = new World(seed: 1);
        var here = Environment.CurrentManagedThreadId;
        using var hub = new HubHttp(Settings, world.Platform(new Wire(world)));
        var threads = new List<int>();

        async Task CallAsync()
        {
            for (var i = 0; i < 50; i++)
            {
                (
                    await hub.SendAsync(i % 2 == 0 ? Edge.Push(Hub, 300_000) : Edge.Get(Hub), CancellationToken.None).ConfigureAwait(false)
                ).ShouldBeOfType<HubReply.Answered>();
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }

        world.Await(CallAsync());
        threads.Distinct().ShouldHaveSingleItem().ShouldBe(here);
        world.Strays.ShouldBe(0);
    }

    [Fact]
    public void The_caller_is_heard_in_virtual_time_too()
    {
        using var world = new World(seed: 1);
        using var hub = new HubHttp(Settings, world.Platform(new Wire(world) { Answers = _ => null }));
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(3), world.Time);
        var reply = hub.SendAsync(Edge.Push(Hub), cancel.Token);
        world.Run(TimeSpan.FromSeconds(3.1));
        reply.IsCanceled.ShouldBeTrue();
    }

    // A cancelled Task.Delay resumes on the thread pool; this one where it is cancelled.
    private static Task Pause(World world, TimeSpan time, CancellationToken cancellation)
    {
        var pause = new TaskCompletionSource();
        cancellation.UnsafeRegister(_ => pause.TrySetCanceled(cancellation), null);
        world.At(time, () => pause.TrySetResult());
        return pause.Task;
    }

    private sealed class Wire(World world) : HttpMessageHandler
    {
        public Func<HttpRequestMessage, Stream?> Answers { get; init; } = _ => new MemoryStream("{}"u8.ToArray());

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is { } content)
            {
                await content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
            }

            if (Answers(request) is not { } body)
            {
                await Pause(world, TimeSpan.FromDays(1), cancellationToken).ConfigureAwait(false);
                throw new InvalidOperationException();
            }

            await Pause(world, TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
            var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
            answer.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            answer.Content.Headers.ContentLength = (body as SlowStream)?.Total ?? body.Length;
            return answer;
        }
    }

    private sealed class SlowStream(World world, byte[] body, int piece, TimeSpan pause) : Stream
    {
        private int _done;

        public int Total => body.Length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _done;
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Pause(world, pause, cancellationToken).ConfigureAwait(false);
            var count = Math.Min(Math.Min(piece, buffer.Length), body.Length - _done);
            body.AsMemory(_done, count).CopyTo(buffer);
            _done += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
