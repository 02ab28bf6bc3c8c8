using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ActorSync.Host.Control;

/// <summary>One thing that can be asked of a profile, here or over the control socket: its name, its documents, how it is answered.</summary>
internal abstract record ControlCall(string Name)
{
    public abstract Task<byte[]> AnswerAsync(SyncProfile profile, Stream ask, CancellationToken cancellation);
}

internal sealed record ControlCall<TAsk, TAnswer>(
    string Name,
    JsonTypeInfo<TAsk> Ask,
    JsonTypeInfo<TAnswer> Answer,
    Func<SyncProfile, TAsk, CancellationToken, Task<TAnswer>> Handle
) : ControlCall(Name)
{
    public override async Task<byte[]> AnswerAsync(SyncProfile profile, Stream ask, CancellationToken cancellation) =>
        JsonSerializer.SerializeToUtf8Bytes(await Handle(profile, await Asked.ReadAsync(ask, Ask, cancellation), cancellation), Answer);
}

/// <summary>One thing that can be asked of the running host itself. It must not need a journal: it is what one asks when a journal is down.</summary>
internal abstract record HostCall(string Name)
{
    public abstract Task<byte[]> AnswerAsync(ControlDesk desk, Stream ask, CancellationToken cancellation);
}

internal sealed record HostCall<TAsk, TAnswer>(
    string Name,
    JsonTypeInfo<TAsk> Ask,
    JsonTypeInfo<TAnswer> Answer,
    Func<ControlDesk, TAsk, CancellationToken, Task<TAnswer>> Handle
) : HostCall(Name)
{
    public override async Task<byte[]> AnswerAsync(ControlDesk desk, Stream ask, CancellationToken cancellation) =>
        JsonSerializer.SerializeToUtf8Bytes(await Handle(desk, await Asked.ReadAsync(ask, Ask, cancellation), cancellation), Answer);
}

internal static class Asked
{
    /// <exception cref="SyncException">Code <c>invalid_request</c>.</exception>
    public static async Task<TAsk> ReadAsync<TAsk>(Stream ask, JsonTypeInfo<TAsk> type, CancellationToken cancellation)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(ask, type, cancellation) ?? throw Malformed("the question is null", inner: null);
        }
        catch (JsonException malformed)
        {
            throw Malformed(malformed.Message, malformed);
        }
    }

    private static SyncException Malformed(string message, Exception? inner) =>
        new("invalid_request", message, "use the same version of actorsync on both sides", inner);
}
