using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>What came of a typed call. Nothing else can come.</summary>
internal abstract record HubResult<T>
{
    private HubResult() { }

    public sealed record Value(T Content) : HubResult<T>;

    /// <summary>The hub itself said no: our envelope, and a code that the protocol has for this call or for the caller's credential.</summary>
    /// <param name="Class"><see cref="ErrorClass.AuthInvalid"/>, <see cref="ErrorClass.AuthForbidden"/>, or <see cref="ErrorClass.Protocol"/> for the call's own codes.</param>
    /// <param name="Message">The hub's sentence, cleaned for a terminal and a log.</param>
    public sealed record Refused(int Status, string Code, string Message, ErrorClass Class) : HubResult<T>;

    /// <summary>No answer that can be believed, or one that says "not now".</summary>
    public sealed record Failed(HubFailure Failure) : HubResult<T>;
}

/// <summary>Done, with nothing to say.</summary>
internal readonly record struct Nothing;
