using System.Text;
using System.Text.Json;
using ActorSync.Hangar;
using ActorSync.Runtime;
using ActorSync.Status;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;
using Shouldly;

namespace ActorSync.Tests.Hangar;

/// <summary>The real tree of a profile with a source that does as it is told.</summary>
internal sealed class HangarWorld : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromHours(6);

    public HangarWorld(
        string hocon = "",
        bool start = true,
        bool source = true,
        Func<ProfileChildren, ProfileChildren>? children = null,
        bool pull = false
    )
    {
        // Without the puller, but where it is asked for: its requests would stand between those that are looked at here.
        Profile = new ProfileWorld(
            hocon: hocon,
            start: false,
            children: made => pull ? children?.Invoke(made) ?? made : (children?.Invoke(made) ?? made) with { Pull = null }
        );
        Source = new ScriptedSource(World);
        Profile.Options = Profile.Options with { HangarSource = source ? Source : null };
        if (start)
        {
            Start();
        }
    }

    public ProfileWorld Profile { get; }

    public World World => Profile.World;

    public FakeHub Hub => Profile.Hub;

    public ScriptedSource Source { get; }

    /// <summary>Every request of the hangar that reached the hub.</summary>
    public IReadOnlyList<HubExchange> Sent => [.. Hub.Exchanges.Where(x => IsHangar(x.Request))];

    /// <summary>The snapshots that the hub took, each as its items' JSON.</summary>
    public IReadOnlyList<string> Taken =>
        [.. Sent.Where(x => x.Status == 204).Select(x => JsonDocument.Parse(x.Request.Body).RootElement.GetProperty("items").GetRawText())];

    public HangarView View => Profile.Status().Hangar;

    public static bool IsHangar(HubRequest request) => request.Path == "/v1/me/hangar";

    public void Start()
    {
        Profile.Start();
        Profile.Ready();
    }

    /// <summary>A new tree on the same journal, so much later.</summary>
    public void Restart(TimeSpan after)
    {
        Profile.Stop().Clean.ShouldBeTrue();
        World.Run(after);
        Start();
    }

    public void Settle() => World.Run(TimeSpan.FromSeconds(1));

    public HangarOutcome Push(TimeSpan? within = null) =>
        Profile.Ask<HangarOutcome>(Profile.Profile, asker => new HangarProtocol.PushHangar(asker), within);

    public Probe Ask()
    {
        var probe = World.Probe();
        Profile.Profile.Tell(new HangarProtocol.PushHangar(probe.Ref), probe.Ref);
        return probe;
    }

    public void Dispose() => Profile.Dispose();
}

/// <summary>A side collection that can be told to misbehave.</summary>
internal sealed class ScriptedSource(World world) : IHangarSource
{
    /// <summary>Each a JSON value.</summary>
    public List<string> Items { get; set; } = ["""{"name":"one"}""", """{"name":"two"}"""];

    public bool SaysComplete { get; set; } = true;

    public string? Problem { get; set; }

    public Exception? Throws { get; set; }

    /// <summary>Null: it never ends by itself.</summary>
    public TimeSpan? Takes { get; set; } = TimeSpan.Zero;

    public bool IgnoresCancellation { get; set; }

    public int Captures { get; private set; }

    /// <summary>How many are under way.</summary>
    public int Running { get; private set; }

    /// <summary>How many were under way at most.</summary>
    public int Most { get; private set; }

    public async Task CaptureAsync(HangarCapture capture, CancellationToken cancellation)
    {
        Captures++;
        Most = Math.Max(Most, ++Running);
        try
        {
            if (Takes != TimeSpan.Zero)
            {
                await Wait(IgnoresCancellation ? CancellationToken.None : cancellation);
            }

            foreach (var item in Items)
            {
                capture.Add(Encoding.UTF8.GetBytes(item));
            }

            if (Throws is { } failure)
            {
                throw failure;
            }

            if (Problem is { } problem)
            {
                capture.Incomplete(problem);
            }

            if (SaysComplete)
            {
                capture.Complete();
            }
        }
        finally
        {
            Running--;
        }
    }

    private Task Wait(CancellationToken cancellation)
    {
        var over = new TaskCompletionSource();
        if (Takes is { } time)
        {
            world.At(time, () => over.TrySetResult());
        }

        cancellation.Register(() => over.TrySetCanceled(cancellation));
        return over.Task;
    }
}
