namespace ActorSync.Auth;

/// <summary>
/// The right to declare a credential lost, and to take that back. One object a profile, made by its supervisor, given to the sync actor (which uses it) and
/// to the owner of the credential (which compares by reference). Whoever has another one, or none, is refused.
/// </summary>
internal sealed class AuthLossAuthority;
