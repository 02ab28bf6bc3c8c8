using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>The one way to a hub. An implementation never throws for what the network or the hub does; it answers.</summary>
internal interface IHubPort
{
    /// <summary>Sends one request and reads one bounded answer.</summary>
    /// <remarks>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellation"/> asked for it.</remarks>
    Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation);

    /// <summary>Sends one request whose answer may be of any length and is read as it comes.</summary>
    /// <remarks>Throws as <see cref="SendAsync"/>. The bound of the call counts for an answer that is not the one hoped for.</remarks>
    Task<HubOpening> OpenAsync(HubCall call, CancellationToken cancellation);
}

/// <summary>The access token of one generation. Never printed: <see cref="ToString"/> hides it.</summary>
internal sealed record AccessToken(string Secret)
{
    public override string ToString() => "AccessToken(hidden)";
}

/// <summary>One request to a hub, relative to its base address.</summary>
/// <param name="Hub">The base address; the path is appended to it, and no redirect to another origin is followed.</param>
/// <param name="Path">With a leading slash and with its query: <c>/api/v1/sync/ops?since=0</c>.</param>
/// <param name="Token">Sent as bearer; null for pairing, refresh and the probes.</param>
/// <param name="Body">JSON in UTF-8, compressed already when <paramref name="Gzip"/>; empty for none.</param>
/// <param name="MaxAnswerBytes">A longer answer is a protocol failure, found while reading.</param>
internal sealed record HubCall(
    Uri Hub,
    HttpMethod Method,
    string Path,
    AccessToken? Token,
    ReadOnlyMemory<byte> Body = default,
    bool Gzip = false,
    int MaxAnswerBytes = 8 << 20
);

/// <summary>What came of a call.</summary>
internal abstract record HubReply
{
    private HubReply() { }

    /// <summary>Gives a large body's memory back for the next answer. Nobody has to; who does must not look at the body again.</summary>
    public virtual void Release() { }

    /// <summary>An HTTP answer that was read whole.</summary>
    /// <param name="Body">As it came, at most the call's bound; gzip is undone.</param>
    /// <param name="IsJson">The media type is <c>application/json</c>.</param>
    /// <param name="Error">The <c>error</c> code of our error envelope, or null when the body is not one (HTML, empty, foreign).</param>
    /// <param name="RetryAfter">From seconds or a date, clamped to 0..15 min; null when absent or malformed.</param>
    /// <param name="Skew">The hub's clock minus ours, when the answer said its time.</param>
    public sealed record Answered(
        int Status,
        ReadOnlyMemory<byte> Body,
        bool IsJson,
        string? Error,
        string? Message,
        TimeSpan? RetryAfter,
        TimeSpan? Skew = null
    ) : HubReply
    {
        internal BodyLease? Lease { get; init; }

        public override void Release() => Lease?.Return();
    }

    /// <summary>No answer that can be believed: network, TLS, proxy, captive portal, deadline, protocol.</summary>
    public sealed record Failed(HubFailure Failure) : HubReply;
}

/// <summary>A classified failure (DESIGN: errors are classified with positive evidence).</summary>
/// <param name="Code">Stable, snake_case: <c>dns</c>, <c>connect_refused</c>, <c>connect_timeout</c>, <c>reset</c>, <c>captive_portal</c>, <c>http_503</c>, …</param>
/// <param name="Remedy">What somebody can do, or that nothing need be done.</param>
internal sealed record HubFailure(ErrorClass Class, string Code, string Message, string Remedy, TimeSpan? RetryAfter = null);
