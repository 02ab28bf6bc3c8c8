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
    public override async Task<byte[]> AnswerAsync(SyncProfile profile, Stream ask, CancellationToken cancellation)
    {
        TAsk? question;
        try
        {
            question = await JsonSerializer.DeserializeAsync(ask, Ask, cancellation);
        }
        catch (JsonException malformed)
        {
            throw new SyncException("invalid_request", malformed.Message, "use the same version of actorsync on both sides", malformed);
        }

        if (question is null)
        {
            throw new SyncException("invalid_request", "the question is null", "use the same version of actorsync on both sides");
        }

        return JsonSerializer.SerializeToUtf8Bytes(await Handle(profile, question, cancellation), Answer);
    }
}
