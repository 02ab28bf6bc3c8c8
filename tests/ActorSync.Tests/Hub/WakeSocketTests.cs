using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using ActorSync.Hub;
using ActorSync.Hub.Accounts;
using ActorSync.Hub.Sockets;
using ActorSync.Hub.Store;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>A wake-up socket over a pipe that the test opens and shuts.</summary>
public sealed class WakeSocketTests
{
    private readonly HandClock _clock = new();
    private readonly Valve _pipe = new();
    private readonly HubLimits _limits = new();

    [Fact]
    [Trait("criterion", "P2")]
    public async Task What_comes_while_a_frame_is_being_sent_is_one_frame_and_the_latest()
    {
        var socket = Socket();
        _pipe.Shut();
        var running = RunAsync(socket);
        for (var id = 1; id <= 1_000; id++)
        {
            socket.Tell(End(id));
        }

        // Older news, committed before the first look at the log, are not told behind it.
        _pipe.Open();
        (await _pipe.FrameAsync()).ShouldBe((1, Told(0)));
        (await _pipe.FrameAsync()).ShouldBe((1, Told(1_000)));
        socket.Tell(End(999));
        socket.Tell(End(1_001));
        (await _pipe.FrameAsync()).ShouldBe((1, Told(1_001)));
        socket.Close(Closing.Answered);
        await running;
    }

    [Fact]
    public async Task A_slow_reader_is_closed_with_4408_when_it_reads_on()
    {
        var socket = Socket();
        _pipe.Shut();
        var running = RunAsync(socket);
        _clock.Advance(_limits.SocketSendTime);
        _pipe.Open();
        (await _pipe.FrameAsync()).ShouldBe((1, Told(0)));
        var (opcode, payload) = await _pipe.FrameAsync();
        opcode.ShouldBe(8);
        BinaryPrimitives.ReadUInt16BigEndian(Encoding.Latin1.GetBytes(payload)).ShouldBe((ushort)4408);
        while (!running.IsCompleted)
        {
            // It waits a moment for the peer's own close.
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await running;
    }

    [Fact]
    public async Task A_reader_that_never_reads_on_is_cut_off()
    {
        var socket = Socket();
        _pipe.Shut();
        var running = RunAsync(socket);
        while (!running.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await running;
        _pipe.Disposed.ShouldBeTrue();
    }

    private WakeSocket Socket() =>
        new(new TokenClaims("a", "d", 1, _clock.GetUtcNow(), _clock.GetUtcNow() + TimeSpan.FromDays(100)), _limits, _clock);

    private async Task RunAsync(WakeSocket socket)
    {
        using var web = WebSocket.CreateFromStream(_pipe, new WebSocketCreationOptions { IsServer = true });
        await socket.RunAsync(web, End(0));
    }

    private static LogEnd End(long id) => new(1, id, new byte[32]);

    private static string Told(long id) => $"{{\"type\":\"changed\",\"last_id\":{id},\"head\":\"{new string('0', 64)}\"}}";

    /// <summary>What the hub writes comes out at the other end; while it is shut, writing waits. Nothing is ever said to the hub.</summary>
    private sealed class Valve : Stream
    {
        private readonly Pipe _out = new();
        private readonly CancellationTokenSource _disposed = new();
        private TaskCompletionSource _open = Opened();

        public bool Disposed => _disposed.IsCancellationRequested;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Shut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _open.SetResult();

        /// <summary>The opcode and the payload, a character a byte.</summary>
        public async Task<(int Opcode, string Payload)> FrameAsync()
        {
            var reader = _out.Reader.AsStream(leaveOpen: true);
            var head = new byte[2];
            await reader.ReadExactlyAsync(head);
            int length = head[1];
            if (length == 126)
            {
                var extended = new byte[2];
                await reader.ReadExactlyAsync(extended);
                length = BinaryPrimitives.ReadUInt16BigEndian(extended);
            }

            var payload = new byte[length];
            await reader.ReadExactlyAsync(payload);
            return (head[0] & 0xF, Encoding.Latin1.GetString(payload));
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _open.Task.WaitAsync(_disposed.Token);
            await _out.Writer.WriteAsync(buffer, cancellationToken);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _disposed.Token);
            return 0;
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _disposed.Cancel();
            }

            base.Dispose(disposing);
        }

        private static TaskCompletionSource Opened()
        {
            var open = new TaskCompletionSource();
            open.SetResult();
            return open;
        }
    }
}
