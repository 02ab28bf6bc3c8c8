using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.TestKit.Hubs;

/// <summary>Wake-up sockets to a fake hub, in virtual time. Frames are lost, doubled and late as the wire says; a session may die without a word.</summary>
/// <remarks>A dead session is read as closed after 75 s, as the port promises.</remarks>
internal sealed class FakeWake(Node node, FakeHub hub, VirtualWire wire) : IWakePort
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(75);

    /// <summary>How many sessions were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Those that nobody has closed.</summary>
    public int Open { get; private set; }

    public Task<WakeOpening> OpenAsync(Uri hubAddress, AccessToken token, DeviceId device, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<WakeOpening>();
        cancellation.Register(() => done.TrySetCanceled(cancellation));
        node.At(
            wire.Latency(node.World.Random) * 2,
            () =>
            {
                if (wire.IsDown || wire.AnswersBlocked || wire.Strikes(node.World.Random, wire.LosesRequest, "socket refused"))
                {
                    done.TrySetResult(
                        new WakeOpening.Failed(
                            new HubFailure(Diagnostics.ErrorClass.TransientNetwork, "reset", "the wire broke", "nothing: it is retried")
                        )
                    );
                }
                else if (!done.Task.IsCompleted)
                {
                    (Opened, Open) = (Opened + 1, Open + 1);
                    done.TrySetResult(new WakeOpening.Opened(new Session(this)));
                }
            }
        );
        return done.Task;
    }

    private sealed class Session : IWakeSocket
    {
        private readonly FakeWake _owner;
        private readonly Queue<WakeSign> _signs = new();
        private TaskCompletionSource<WakeSign>? _reader;
        private bool _dead;
        private bool _disposed;

        public Session(FakeWake owner)
        {
            _owner = owner;
            owner.HubOf.Committed += Tell;
            Tell();
        }

        public Task<WakeSign> ReadAsync()
        {
            if (_signs.TryDequeue(out var sign))
            {
                return Task.FromResult(sign);
            }

            _reader = new TaskCompletionSource<WakeSign>();
            return _reader.Task;
        }

        public void Dispose()
        {
            if (!_disposed)
            {
                (_disposed, _dead) = (true, true);
                _owner.Open--;
                _owner.HubOf.Committed -= Tell;
                _reader?.TrySetResult(new WakeSign.Closed("disposed"));
            }
        }

        private void Tell()
        {
            var (node, wire) = (_owner.NodeOf, _owner.WireOf);
            var random = node.World.Random;
            if (_dead)
            {
                return;
            }

            if (wire.IsDown || wire.AnswersBlocked || wire.Strikes(random, wire.KillsSockets, "socket died in silence"))
            {
                _dead = true;
                node.At(Patience, () => Give(new WakeSign.Closed("no pong")));
                return;
            }

            var frame = new WakeSign.Changed(_owner.HubOf.Account.LastId);
            if (wire.Strikes(random, wire.LosesAnswer, "frame lost"))
            {
                return;
            }

            node.At(wire.Latency(random), () => Give(frame));
            if (wire.Strikes(random, wire.Duplicates, "frame doubled"))
            {
                node.At(wire.Latency(random) * 3, () => Give(frame));
            }
        }

        private void Give(WakeSign sign)
        {
            if (_disposed)
            {
                return;
            }

            if (_reader is { } reader)
            {
                _reader = null;
                reader.TrySetResult(sign);
            }
            else
            {
                _signs.Enqueue(sign);
            }
        }
    }

    private FakeHub HubOf => hub;

    private Node NodeOf => node;

    private VirtualWire WireOf => wire;
}
