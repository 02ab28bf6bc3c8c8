using ActorSync.Journal;
using ActorSync.Model;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>What the façade says to the tree, and what the tree's members tell each other about being there.</summary>
/// <remarks>
/// <para>The façade tells <c>/user/actorsync</c>: <see cref="GetProfile"/>, <see cref="AddProfile"/>, <see cref="DropProfile"/>, <see cref="StopRuntime"/>.</para>
/// <para>
/// The façade tells a profile (the address in <see cref="ProfileReady"/> and its siblings is good for the life of the runtime, whatever fails behind it):
/// <see cref="GetReadiness"/>; <c>SyncProtocol.DrainNow</c>, <c>SyncProtocol.ChangeSettings</c>; <c>StatusProtocol.GetStatus</c>,
/// <c>StatusProtocol.Explain</c>; <c>AuthProtocol.Pair</c>, <c>UseToken</c>, <c>SignOut</c>. Any of them may be answered
/// <see cref="JournalProtocol.Unavailable"/> instead. Journal commands go through the profile's <see cref="JournalPort"/>.
/// </para>
/// </remarks>
internal static class RuntimeProtocol
{
    // ---- Start ----

    /// <summary>Replies <see cref="ProfileReady"/>, <see cref="ProfileWaiting"/> or <see cref="ProfileFailed"/> as soon as one of them is true.</summary>
    public sealed record GetProfile(string Name, IActorRef ReplyTo);

    /// <inheritdoc cref="GetProfile"/>
    public sealed record GetReadiness(IActorRef ReplyTo);

    public abstract record Readiness(string Name, IActorRef Profile);

    /// <summary>The journal takes operations.</summary>
    public sealed record ProfileReady(string Name, IActorRef Profile, DeviceId Device) : Readiness(Name, Profile);

    /// <summary>The journal could not be opened for a passing reason; it is tried again by itself, and enqueues are refused meanwhile.</summary>
    public sealed record ProfileWaiting(string Name, IActorRef Profile, string Reason, string Remedy) : Readiness(Name, Profile);

    /// <summary>Stopped for good, still visible. Also published on the EventStream, once.</summary>
    /// <param name="Cause">The <see cref="JournalOpenException"/>, when it is one.</param>
    public sealed record ProfileFailed(string Name, IActorRef Profile, string Code, string Reason, string Remedy, SyncException? Cause)
        : Readiness(Name, Profile);

    /// <summary>Published on the EventStream when the last profile has failed: a host ends with an exit code that is not 0.</summary>
    public sealed record RuntimeFailed(string Component, string Error, string Remedy);

    // ---- Stop ----

    /// <summary>Stops one profile as a clean stop does and takes it off the list. Replies <see cref="ProfileGone"/> when nothing of it is left.</summary>
    public sealed record DropProfile(string Name, IActorRef ReplyTo);

    public sealed record ProfileGone(string Name);

    /// <summary>Drains for a bounded time, then stops all. Replies <see cref="Stopped"/>; a second one is answered when the first is.</summary>
    public sealed record StopRuntime(IActorRef ReplyTo);

    public sealed record StopProfile(IActorRef ReplyTo);

    /// <param name="Left">Operations still queued, -1 when the journal could not say.</param>
    /// <param name="Clean">False when something had not ended within the stop timeout.</param>
    public sealed record Stopped(long Left, bool Clean);
}
