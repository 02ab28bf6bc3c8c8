using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Model;

namespace ActorSync;

/// <summary>Where the hangar takes its snapshot of a side collection from: what an app shows at the hub beside its operations, such as the files of a folder.</summary>
/// <remarks>Given in <see cref="SyncOptions.HangarSource"/>, or registered in the app's services.</remarks>
public interface IHangarSource
{
    /// <summary>
    /// Adds every item to <paramref name="capture"/>, in an order that stays the same, and ends with <see cref="HangarCapture.Complete"/>. A capture that
    /// does not say so, or is empty, is never pushed; one that equals the last that was pushed is not pushed again.
    /// </summary>
    /// <remarks>Called on a thread of the pool, which it may block; never twice at once for one profile. What it throws is a failure: tried again with backoff.</remarks>
    /// <param name="cancellation">The runtime stops, or the capture took longer than <c>actorsync.hangar.capture-timeout</c>.</param>
    Task CaptureAsync(HangarCapture capture, CancellationToken cancellation);
}

/// <summary>One snapshot while it is taken. For one thread at a time.</summary>
public sealed class HangarCapture
{
    private static readonly byte[] End = "]}"u8.ToArray();
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly int _start;
    private readonly int _maxBytes;
    private bool _complete;

    /// <param name="profile">Whose collection is asked for.</param>
    /// <param name="capturedAt">Told to the hub.</param>
    /// <param name="maxBytes">Of the whole request.</param>
    public HangarCapture(string profile, DateTimeOffset capturedAt, int maxBytes)
    {
        (Profile, _maxBytes) = (profile, maxBytes);
        var time = capturedAt.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        _body.Write(Encoding.UTF8.GetBytes($$"""{"captured_at":"{{time}}","complete":true,"items":["""));
        _start = _body.WrittenCount;
    }

    public string Profile { get; }

    /// <summary>How many were added.</summary>
    public int Items { get; private set; }

    /// <summary>True when the source said so and nothing went wrong before or after it.</summary>
    public bool IsComplete => _complete && Problem is null;

    /// <summary>Why it is not complete; null when nothing was said.</summary>
    public string? Problem { get; private set; }

    /// <summary>Adds one item.</summary>
    /// <param name="json">Any JSON value in UTF-8; how it is spelled makes no difference.</param>
    /// <exception cref="HangarCaptureException">It is no JSON (<c>hangar_item</c>), or the snapshot is larger than allowed (<c>hangar_too_large</c>). The capture is not complete then, whatever follows.</exception>
    public void Add(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty || !CanonicalJson.TryNormalize(json, out var item, out var fault))
        {
            throw Spoilt(
                new HangarCaptureException("hangar_item", $"item {Items} is no JSON that can be sent", "correct the hangar's source")
            );
        }

        if (_body.WrittenCount + item.Length + 1 + End.Length > _maxBytes)
        {
            throw Spoilt(
                new HangarCaptureException(
                    "hangar_too_large",
                    $"the snapshot is larger than {_maxBytes} bytes at item {Items}",
                    "let the source give less, or raise actorsync.hangar.max-bytes"
                )
            );
        }

        if (Items > 0)
        {
            _body.Write(","u8);
        }

        _body.Write(item.Span);
        Items++;
    }

    /// <summary>That was all there is.</summary>
    public void Complete() => _complete = true;

    /// <summary>Something could not be seen: what the hub has is better than this.</summary>
    public void Incomplete(string reason) => Problem ??= reason;

    /// <summary>The request's body, and 64 hex digits that tell its items from others.</summary>
    internal (ReadOnlyMemory<byte> Body, string Digest) Close()
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(_body.WrittenSpan[_start..]));
        _body.Write(End);
        return (_body.WrittenMemory, digest);
    }

    private HangarCaptureException Spoilt(HangarCaptureException fault)
    {
        Problem ??= fault.Message;
        return fault;
    }
}

/// <summary>An item of the hangar's source cannot be taken. Codes <c>hangar_item</c>, <c>hangar_too_large</c>.</summary>
public sealed class HangarCaptureException : SyncException
{
    internal HangarCaptureException(string code, string message, string remedy)
        : base(code, message, remedy) { }
}
