namespace ActorSync.Hub;

/// <summary>The hub cannot start or go on: code, what failed, and what to do about it.</summary>
/// <remarks>
/// Codes: <c>hub_path</c>, <c>hub_locked</c>, <c>hub_newer</c>, <c>hub_misconfigured</c>, <c>hub_corrupt</c>, <c>hub_address</c>, <c>hub_setting</c>, <c>hub_refused</c>.
/// </remarks>
internal sealed class HubException(string code, string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;
}
