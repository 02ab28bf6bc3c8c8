using ActorSync.Auth;

namespace ActorSync.Sync;

/// <summary>Whether a lane may send. A closed gate says why; nothing that is skipped is ever "in sync".</summary>
internal abstract record Gate
{
    private Gate() { }

    /// <summary>What keeps a pass whose gate is open: the credential of now is none for it.</summary>
    public static Closed NoCredentialFor(AuthProtocol.CurrentCredential credential) =>
        new(GateReason.NoCredential, credential.Problem ?? "no credential for this hub and account");

    /// <param name="Hub">Where to; a credential that is bound to another hub is not sent there.</param>
    /// <param name="Account">As whom; with another account's credential nothing of this queue is sent.</param>
    public sealed record Open(Uri Hub, string? Account) : Gate
    {
        /// <summary>The credential is for this hub and this account.</summary>
        public bool Admits(AuthProtocol.Binding binding) => binding.Hub == Hub && binding.Account == Account;
    }

    /// <param name="Text">For people: what keeps it closed and what would open it.</param>
    /// <param name="NextTry">When somebody tries again by himself; null when only an event opens it.</param>
    public sealed record Closed(GateReason Reason, string Text, DateTimeOffset? NextTry = null) : Gate;
}

/// <summary>The closed list of reasons for not sending.</summary>
internal enum GateReason
{
    Local,
    NoServer,
    NoCredential,
    Paused,
    Offline,
    Backoff,
}
