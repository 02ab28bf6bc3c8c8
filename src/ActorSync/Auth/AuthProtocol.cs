using ActorSync.Model;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Auth;

/// <summary>Everything that is said to and by the owner of a profile's credential.</summary>
internal static class AuthProtocol
{
    public interface IAuthCommand
    {
        IActorRef ReplyTo { get; }
    }

    /// <summary>Asked before each request; nobody keeps a token. Replies <see cref="CurrentCredential"/>.</summary>
    public sealed record GetCredential(IActorRef ReplyTo) : IAuthCommand;

    /// <param name="Token">Null when there is none.</param>
    /// <param name="Problem">Why what is stored cannot be read or used; null when all is well and when nobody is signed in.</param>
    public sealed record CurrentCredential(CredentialGeneration Generation, AccessToken? Token, Binding? Binding, string? Problem);

    /// <summary>Who we are at which hub. Carries no secret.</summary>
    /// <param name="ExpiresAt">When the access token ends; null when unknown.</param>
    /// <param name="CanRefresh">False for a pasted token.</param>
    public sealed record Binding(Uri Hub, string? Account, string? Handle, DateTimeOffset? ExpiresAt, bool CanRefresh);

    /// <summary>
    /// The hub refused this generation with one of the protocol's codes. Replies <see cref="Verdict"/>, after at most one single-flight refresh.
    /// </summary>
    public sealed record CredentialRefused(CredentialGeneration Generation, string Code, IActorRef ReplyTo) : IAuthCommand;

    /// <summary>What a refused credential comes to.</summary>
    public abstract record Verdict
    {
        private Verdict() { }

        /// <summary>A newer generation is stored: try again with it.</summary>
        public sealed record TryAgain(CredentialGeneration Generation) : Verdict;

        /// <summary>No way to renew it: the refresh was refused by the hub, or there is none. The credential is kept; only sync may declare a loss.</summary>
        public sealed record CannotRenew(CredentialGeneration Generation, string Code, string Message) : Verdict;

        /// <summary>The refresh could not be tried now (network, server, store): back off.</summary>
        public sealed record NotNow(HubFailure Failure) : Verdict;
    }

    /// <summary>Redeems an 8-character code. Replies <see cref="SignedIn"/> or <see cref="SignInRefused"/>.</summary>
    public sealed record Pair(Uri Hub, string Code, string DeviceName, IActorRef ReplyTo) : IAuthCommand
    {
        public override string ToString() => $"Pair({Hub})";
    }

    /// <summary>Takes a pasted JWT: trimmed, three segments. Replies <see cref="SignedIn"/> or <see cref="SignInRefused"/>.</summary>
    public sealed record UseToken(Uri Hub, string Token, IActorRef ReplyTo) : IAuthCommand
    {
        public override string ToString() => $"UseToken({Hub})";
    }

    /// <summary>Exchanges what a browser sign-in brought. Replies <see cref="SignedIn"/> or <see cref="SignInRefused"/>.</summary>
    /// <param name="Verifier">Of PKCE.</param>
    public sealed record UseCode(Uri Hub, string Code, string Verifier, Uri Redirect, IActorRef ReplyTo) : IAuthCommand
    {
        public override string ToString() => $"UseCode({Hub})";
    }

    public sealed record SignedIn(CredentialGeneration Generation, Binding Binding);

    public sealed record SignInRefused(string Code, string Message, string Remedy);

    /// <summary>Removes the secret; the hub's address and the queue stay. Replies <see cref="SignedOut"/> or <see cref="SignOutRefused"/>.</summary>
    public sealed record SignOut(IActorRef ReplyTo) : IAuthCommand;

    public sealed record SignedOut(CredentialGeneration Generation);

    /// <summary>The store could not be written: the credential is still there.</summary>
    public sealed record SignOutRefused(string Code, string Message, string Remedy);

    /// <summary>Told to the parent and to the sync actor after each change, and once after start.</summary>
    /// <param name="Generation">With a problem it may be lower than one that was told before.</param>
    /// <param name="Problem">As in <see cref="CurrentCredential"/>: signed out is no binding and no problem.</param>
    public sealed record CredentialChanged(CredentialGeneration Generation, Binding? Binding, string? Problem);
}
