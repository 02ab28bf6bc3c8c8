using ActorSync.Platform;

namespace ActorSync.Network;

/// <summary>Whether the machine slept between two looks, and whose name has to be asked for. Pure: time comes in as data.</summary>
/// <param name="Last">The last look; null before the first.</param>
internal sealed record NetworkState(Moment? Last = null)
{
    /// <summary>How often we look.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>How often a name that had no address is asked for. It costs the hub nothing: the resolver alone is asked.</summary>
    public static readonly TimeSpan Ask = TimeSpan.FromSeconds(3);

    // Longer than a busy machine keeps a timer waiting; shorter than a sleep that costs a connection.
    private static readonly TimeSpan Sleep = TimeSpan.FromSeconds(10);

    /// <summary>Where the hub is; null for none, or when it is named by its address.</summary>
    public string? Host { get; init; }

    /// <summary>Who said last that the name had no address.</summary>
    public bool Heartbeat { get; init; }

    public bool Priority { get; init; }

    public bool Bulk { get; init; }

    /// <summary>The name to ask for, because somebody failed for the lack of it.</summary>
    public string? Missing => Heartbeat || Priority || Bulk ? Host : null;

    /// <summary>
    /// A clock that stands still while the machine sleeps shows it by the wall's leap, one that goes on by its own. A wall clock that somebody set
    /// ahead looks the same; a try too many is all that comes of it.
    /// </summary>
    public (NetworkState Next, bool Woke) Looked(Moment now)
    {
        var woke =
            Last is { } last && (now.Steady - last.Steady > Look + Sleep || now.Wall - last.Wall > (now.Steady - last.Steady) + Sleep);
        return (this with { Last = now }, woke);
    }
}
