namespace ActorSync.Events;

/// <summary>Something that an app may want to show or act on: <see cref="SyncRuntime.Events"/>. The list is closed, and may grow with a version: keep a default branch.</summary>
public abstract record SyncEvent
{
    private protected SyncEvent(string? profile, DateTimeOffset at) => (Profile, At) = (profile, at);

    /// <summary>The profile's name; null when it is about the runtime as a whole.</summary>
    public string? Profile { get; }

    /// <summary>When it happened, by the machine's wall clock; also in what a late subscriber is told.</summary>
    public DateTimeOffset At { get; }
}

/// <summary>Sync sends: for the first time, or again. Nothing has to be done.</summary>
public sealed record SyncResumed : SyncEvent
{
    internal SyncResumed(string profile, DateTimeOffset at)
        : base(profile, at) { }
}

/// <summary>The hub does not take the credential or the account, or the credential cannot be read. Said once an episode; what is enqueued is kept.</summary>
public sealed record SyncPaused : SyncEvent
{
    internal SyncPaused(string profile, DateTimeOffset at, string code, string text, DateTimeOffset? nextTry)
        : base(profile, at) => (Code, Text, NextTry) = (code, text, nextTry);

    /// <summary>The hub's code (<c>token_revoked</c>, <c>sync_disabled</c>, …), <c>credential_unavailable</c> or <c>account_changed</c>.</summary>
    public string Code { get; }

    /// <summary>What is wrong and what ends it, for people.</summary>
    public string Text { get; }

    /// <summary>When the hub is asked again by itself; null when only a person ends it.</summary>
    public DateTimeOffset? NextTry { get; }
}

/// <summary>Nothing is meant to be sent: local mode, no hub, signed out. What is enqueued is kept.</summary>
public sealed record SyncOff : SyncEvent
{
    internal SyncOff(string profile, DateTimeOffset at, string code, string text)
        : base(profile, at) => (Code, Text) = (code, text);

    /// <summary><c>local</c>, <c>no_server</c>, <c>no_credential</c> or <c>offline</c>.</summary>
    public string Code { get; }

    public string Text { get; }
}

/// <summary>Who we are at which hub, or how we work, has changed: a sign-in, a sign-out, a loss, another hub or mode. A renewed token is no change.</summary>
public sealed record ConfigChanged : SyncEvent
{
    internal ConfigChanged(string profile, DateTimeOffset at, AccountBinding? binding, string mode, Uri? hub)
        : base(profile, at) => (Binding, Mode, Hub) = (binding, mode, hub);

    /// <summary>Null when nobody is signed in, also after the credential was lost.</summary>
    public AccountBinding? Binding { get; }

    /// <summary><c>local</c> or <c>hybrid</c>.</summary>
    public string Mode { get; }

    /// <summary>Stays when the binding is cleared.</summary>
    public Uri? Hub { get; }
}

/// <summary>The hangar's last try failed; operations are not concerned.</summary>
public sealed record HangarFailed : SyncEvent
{
    internal HangarFailed(string profile, DateTimeOffset at, string code, string text, string remedy)
        : base(profile, at) => (Code, Text, Remedy) = (code, text, remedy);

    /// <summary>Stable, in snake_case.</summary>
    public string Code { get; }

    public string Text { get; }

    public string Remedy { get; }
}

/// <summary>A lane is in trouble that trying again alone will not heal. It is said once until the lane is well again.</summary>
public sealed record LaneFailed : SyncEvent
{
    internal LaneFailed(string profile, DateTimeOffset at, string lane, string code, string text, string remedy)
        : base(profile, at) => (Lane, Code, Text, Remedy) = (lane, code, text, remedy);

    /// <summary><c>priority</c>, <c>bulk</c> or <c>pull</c>.</summary>
    public string Lane { get; }

    /// <summary>Stable, in snake_case.</summary>
    public string Code { get; }

    public string Text { get; }

    public string Remedy { get; }
}

/// <summary>A profile has stopped for good; the others go on.</summary>
public sealed record ProfileFailed : SyncEvent
{
    internal ProfileFailed(string profile, DateTimeOffset at, string code, string reason, string remedy)
        : base(profile, at) => (Code, Reason, Remedy) = (code, reason, remedy);

    /// <summary>That of a <see cref="SyncException"/>, or <c>profile_failed</c>.</summary>
    public string Code { get; }

    public string Reason { get; }

    public string Remedy { get; }
}

/// <summary>A required part of the runtime is gone for good.</summary>
public sealed record RuntimeFailed : SyncEvent
{
    internal RuntimeFailed(DateTimeOffset at, string component, string error, string remedy)
        : base(null, at) => (Component, Error, Remedy) = (component, error, remedy);

    /// <summary>Its name in the tree, such as <c>profiles</c> or <c>listener</c>.</summary>
    public string Component { get; }

    public string Error { get; }

    public string Remedy { get; }
}

/// <summary>The subscriber was too slow and so many events were not kept for it. The current state follows, as for a late subscriber.</summary>
public sealed record Missed : SyncEvent
{
    internal Missed(DateTimeOffset at, long count)
        : base(null, at) => Count = count;

    /// <summary>1 or more.</summary>
    public long Count { get; }
}

/// <summary>An account at a hub. Carries no secret.</summary>
/// <param name="Account">The hub's id of the account; null when it did not say.</param>
/// <param name="Handle">Its name for people; null when it has none.</param>
public sealed record AccountBinding(Uri Hub, string? Account, string? Handle);
