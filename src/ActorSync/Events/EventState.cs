using System.Collections.Immutable;
using ActorSync.Sync;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Sync.SyncProtocol;

namespace ActorSync.Events;

/// <summary>What of a profile has been said to its subscribers, and what a report adds to it. Pure. It outlives a restart of sync, so that nothing is said twice.</summary>
internal sealed record EventState(string Profile)
{
    /// <summary>How sync stands, as it was said: <c>running</c>, <c>off code</c>, <c>paused code</c>; null for nothing yet.</summary>
    public string? Said { get; init; }

    public (AccountBinding? Binding, string Mode, Uri? Hub, string Auth)? Config { get; init; }

    /// <summary>By lane: the code of the trouble that was told.</summary>
    public ImmutableSortedDictionary<string, string> Lanes { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What a report of sync says is one act: how sync stands now, then whose it is now.</summary>
    public (EventState Next, ImmutableArray<SyncEvent> Events) With(SyncReport report, DateTimeOffset now)
    {
        var events = ImmutableArray.CreateBuilder<SyncEvent>(2);
        var next = this;
        if (Standing(report, now) is var (said, standing) && said != Said)
        {
            next = next with { Said = said };
            events.Add(standing);
        }

        var binding = report.Binding is { } b ? new AccountBinding(b.Hub, b.Account, b.Handle) : null;
        var config = (binding, report.Mode.ToString().ToLowerInvariant(), report.Hub, report.AuthState);
        if (config != next.Config)
        {
            next = next with { Config = config };
            events.Add(new ConfigChanged(Profile, now, binding, config.Item2, report.Hub));
        }

        return (next, events.DrainToImmutable());
    }

    /// <param name="error">Null when the lane is well.</param>
    public (EventState Next, ImmutableArray<SyncEvent> Events) With(string lane, LaneError? error, DateTimeOffset now)
    {
        if (error is not { NeedsAttention: true })
        {
            return (this with { Lanes = Lanes.Remove(lane) }, []);
        }

        return Lanes.GetValueOrDefault(lane) == error.Code
            ? (this, [])
            : (
                this with
                {
                    Lanes = Lanes.SetItem(lane, error.Code),
                },
                [new LaneFailed(Profile, now, lane, error.Code, error.Message, error.Remedy)]
            );
    }

    // Null while it is open what comes next: a renewal, a trial, a pause before another try.
    private (string Said, SyncEvent Event)? Standing(SyncReport report, DateTimeOffset now) =>
        report switch
        {
            { Paused: { } pause } => ($"paused {pause.Code}", new SyncPaused(Profile, now, pause.Code, pause.Text, pause.NextTry)),
            { OnTrial: true } => null,
            { Gate: Gate.Open } => ("running", new SyncResumed(Profile, now)),
            {
                Gate: Gate.Closed
                {
                    Reason: GateReason.Local or GateReason.NoServer or GateReason.NoCredential or GateReason.Offline
                } closed
            } => ($"off {CodeOf(closed.Reason)}", new SyncOff(Profile, now, CodeOf(closed.Reason), closed.Text)),
            _ => null,
        };

    private static string CodeOf(GateReason reason) =>
        reason switch
        {
            GateReason.Local => "local",
            GateReason.NoServer => "no_server",
            GateReason.NoCredential => "no_credential",
            _ => "offline",
        };
}
