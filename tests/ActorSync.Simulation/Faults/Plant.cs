namespace ActorSync.Simulation.Faults;

/// <summary>A fault that is put into the harness, never into the runtime, to see that its detector works. The invariant that must notice it follows.</summary>
public enum Plant
{
    None,

    /// <summary>The hub says that it has stored what it has not. I1.</summary>
    HubForgets,

    /// <summary>The disk says that it has synced and has not; then the power goes. I1.</summary>
    DiskLies,

    /// <summary>A change arrives a second time, under another id. I2.</summary>
    AppliedTwice,

    /// <summary>The operations of a request arrive in the opposite order. I3.</summary>
    OrderTurned,

    /// <summary>Health is shown as OK, whatever it is. I7.</summary>
    AlwaysGreen,

    /// <summary>An answer names operations that the hub never named. I8.</summary>
    NamedByNobody,

    /// <summary>One operation's requests never arrive, also after all faults have stopped. I9.</summary>
    NeverDrains,

    /// <summary>Somebody retries without any pause. I16.</summary>
    MadClient,

    /// <summary>An answer crashes an actor. I17.</summary>
    RemoteCrash,

    /// <summary>Something that the seed does not decide. I22.</summary>
    ForeignChance,

    /// <summary>A healthy hub is told that a clock went back. D7.</summary>
    NeedlessRegression,

    /// <summary>The hub's rows are not what was sent. Digest.</summary>
    HubRewrites,

    /// <summary>A clock goes back: what is written later gets older stamps, and loses. I20.</summary>
    ClockRegression,

    /// <summary>What comes in from the hub is sent to it again as a change of one's own. I2.</summary>
    Echo,

    /// <summary>An operation that was committed while somebody began to follow is on no page. Digest.</summary>
    SubscribeGap,

    /// <summary>The hub takes a deletion for nothing, and what was deleted is there again. Digest.</summary>
    ResurrectingDelete,
}
