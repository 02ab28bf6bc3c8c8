using ActorSync.Auth;
using ActorSync.Wire;

namespace ActorSync;

/// <summary>How a profile ends that is taken away.</summary>
public sealed partial class SyncProfile
{
    /// <summary>Removes the credential, then asks the hub once to revoke this device: no later process could.</summary>
    /// <returns>Whether there was a credential, and whether the hub has confirmed.</returns>
    /// <exception cref="CredentialException">The store could not be written; the credential is still there.</exception>
    internal async Task<(bool SignedOut, bool Revoked)> LeaveAsync(CancellationToken cancellation)
    {
        var credential = await _link
            .AskProfileAsync<AuthProtocol.CurrentCredential>(replyTo => new AuthProtocol.GetCredential(replyTo), cancellation)
            .ConfigureAwait(false);
        if (credential is not { Token: { } token, Binding.Hub: { } hub })
        {
            return (false, false);
        }

        await SignOutAsync(cancellation).ConfigureAwait(false);
        var reply = await _link.Hub.SendAsync(HubCalls.RevokeSelf(hub, token), cancellation).ConfigureAwait(false);
        return (true, HubAnswers.RevokeSelf(reply) is HubResult<Nothing>.Value);
    }
}
