using System.Text.Json.Nodes;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Judging;

/// <summary>I16: who fails waits. Counts what leaves a device while nothing succeeds, and holds it to each Retry-After that it was told.</summary>
internal sealed class BackoffLaw(World world, Oracle oracle, bool undisturbed, int devices)
{
    private const int MostInTheWindow = 60;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Queue<TimeSpan> _failing = new();
    private readonly Dictionary<string, TimeSpan> _notBefore = new(StringComparer.Ordinal);

    public void Sent(HubRequest request)
    {
        if (!request.IsPush)
        {
            return;
        }

        _failing.Enqueue(world.Elapsed);
        while (world.Elapsed - _failing.Peek() > Window)
        {
            _failing.Dequeue();
        }

        if (_failing.Count > MostInTheWindow * devices)
        {
            oracle.Violated("I16", $"{_failing.Count} pushes in {Window.TotalSeconds} s and none succeeded");
            _failing.Clear();
        }

        if (undisturbed && BatchOf(request) is { } batch && _notBefore.TryGetValue(batch, out var until) && world.Elapsed < until)
        {
            oracle.Violated("I16", $"a push was repeated {(until - world.Elapsed).TotalSeconds:F3} s before its Retry-After");
        }
    }

    public void Received(HubRequest request, HubAnswer answer)
    {
        if (!request.IsPush)
        {
            return;
        }

        if (answer.Status == 200)
        {
            _failing.Clear();
        }

        if (answer.Headers.TryGetValue("Retry-After", out var text) && int.TryParse(text, out var seconds) && BatchOf(request) is { } batch)
        {
            _notBefore[batch] = world.Elapsed + TimeSpan.FromSeconds(seconds);
        }
    }

    // The same operations together are the same lane's request again. Another lane may try some of them before it has been told anything; one
    // operation alone may be either's.
    private static string? BatchOf(HubRequest request) =>
        FakeHub.TryParse(request.Body, out var body) && body["ops"] is JsonArray { Count: > 1 } ops
            ? string.Join(' ', ops.Select(static x => (string?)x?["operation_id"]))
            : null;
}
