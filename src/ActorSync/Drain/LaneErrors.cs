using ActorSync.Diagnostics;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Drain;

/// <summary>The lane's own errors, each with what to do about it.</summary>
internal static class LaneErrors
{
    private const string ByItself = "nothing: it is tried again";
    private const string HubFault = "check that the address is a hub of this protocol (actorsync conformance)";

    public static readonly LaneError EncodingLoop = new(
        "encoding_loop",
        "the hub refuses the encoding of a request that has none",
        HubFault,
        NeedsAttention: true
    );

    public static LaneError Unnamed(int unnamed, int sent) =>
        new("unnamed_operations", $"the hub's answer does not name {unnamed} of {sent} operations", HubFault, NeedsAttention: true);

    public static LaneError TooManyDead(int dead) =>
        new(
            "too_many_dead_letters",
            $"the hub refused {dead} operations in one pass",
            "look at them (actorsync dead list), then retry or discard them",
            NeedsAttention: true
        );

    public static LaneError RegressionLoop(long clock, long storedMax) =>
        new(
            "lamport_regression",
            $"the hub asks for a clock of {storedMax} or more, and was sent {clock}",
            "check that no copy of this data folder is in use elsewhere",
            NeedsAttention: true
        );

    public static LaneError Resync(string reason) =>
        new(
            "resync_required",
            $"the hub's history is not the one that this device knows ({reason})",
            "nothing: it is merged, and operations stay queued until then",
            NeedsAttention: false
        );

    public static LaneError AllRefused(Suspect first) =>
        new(
            "refused",
            $"the hub refuses operation {first.Batch.IdAt(first.Row)} ({first.Code}: {first.Message}) and has taken no other",
            $"check the hub; 'actorsync queue park {first.Batch.IdAt(first.Row)}' sets the operation aside",
            NeedsAttention: true
        );

    public static LaneError Journal(string reason) =>
        new("journal_unavailable", $"the journal is unavailable: {reason}", ByItself, NeedsAttention: false);

    public static LaneError Crashed(string error) =>
        new("lane_crashed", $"the lane failed: {error}", "it is started again by itself; report it with its log", NeedsAttention: false);

    /// <summary>What the network and a hub in trouble do heals by itself.</summary>
    public static bool NeedsAttention(ErrorClass kind) =>
        kind
            is not (
                ErrorClass.Cancelled
                or ErrorClass.TransientNetwork
                or ErrorClass.TransientServer
                or ErrorClass.Throttled
                or ErrorClass.CaptivePortal
                or ErrorClass.Unknown
            );
}
