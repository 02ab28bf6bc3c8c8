using System.Text;
using System.Text.Json.Nodes;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Faults;

/// <summary>Stands between the wire and the hub and does what a plant says.</summary>
internal sealed class PlantedHub(FakeHub hub, Plant plant)
{
    private string? _victim;
    private bool _done;

    public HubReaction Handle(HubRequest request)
    {
        if (request.IsPull)
        {
            return plant switch
            {
                Plant.Echo => Echo(request),
                Plant.SubscribeGap => LeaveOut(request),
                _ => hub.Handle(request),
            };
        }

        if (!request.IsPush || _done || !FakeHub.TryParse(request.Body, out var body) || body["ops"] is not JsonArray { Count: > 0 } ops)
        {
            return hub.Handle(request);
        }

        return plant switch
        {
            Plant.HubForgets => Forget(request),
            Plant.AppliedTwice => ApplyTwice(request, body),
            Plant.OrderTurned => Turn(request, body, ops),
            Plant.NamedByNobody => Name(request),
            Plant.NeverDrains => Swallow(request, ops),
            Plant.NeedlessRegression => TurnBack(request, body),
            Plant.HubRewrites => Rewrite(request, body),
            Plant.ClockRegression => Regress(request, body, ops),
            Plant.ResurrectingDelete => Resurrect(request, body, ops),
            _ => hub.Handle(request),
        };
    }

    private HubReaction Forget(HubRequest request)
    {
        var backup = hub.Backup();
        var reaction = hub.Handle(request);
        hub.Restore(backup);
        _done = true;
        return reaction;
    }

    private HubReaction ApplyTwice(HubRequest request, JsonObject body)
    {
        var reaction = hub.Handle(request);
        var again = body["ops"]![0]!.DeepClone();
        again["operation_id"] = "01890000-0000-7000-8000-0000000000ff";
        body["ops"] = new JsonArray(again);
        body["known"] = null;
        hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
        _done = true;
        return reaction;
    }

    private HubReaction Turn(HubRequest request, JsonObject body, JsonArray ops)
    {
        var turned = ops.Reverse().Select(static x => x!.DeepClone()).ToArray();
        body["ops"] = new JsonArray(turned);
        return hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    }

    private HubReaction Name(HubRequest request)
    {
        hub.Next(new Misbehaviour.NamesOnly(0));
        hub.Handle(request);
        _done = true;
        return new HubReaction(hub.Account.Push(System.Text.Json.JsonDocument.Parse(request.Body).RootElement));
    }

    private HubReaction Swallow(HubRequest request, JsonArray ops)
    {
        _victim ??= (string?)ops[^1]!["operation_id"];
        return ops.Any(x => (string?)x!["operation_id"] == _victim) ? new HubReaction(null) : hub.Handle(request);
    }

    private HubReaction TurnBack(HubRequest request, JsonObject body)
    {
        if (hub.Account.LastId == 0)
        {
            return hub.Handle(request);
        }

        body["clock"] = 0;
        _done = true;
        return hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    }

    private HubReaction Rewrite(HubRequest request, JsonObject body)
    {
        // Each time: what came later would hide what was rewritten once.
        body["ops"]![0]!["field"] = "rewritten";
        return hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    }

    private HubReaction Regress(HubRequest request, JsonObject body, JsonArray ops)
    {
        body["clock"] = long.MaxValue >> 12;
        foreach (var op in ops)
        {
            op!["lamport_ts"] = Math.Max(1, 1000 - (long)op["lamport_ts"]!);
        }

        return hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    }

    private HubReaction Resurrect(HubRequest request, JsonObject body, JsonArray ops)
    {
        foreach (var op in ops.Where(static x => (string?)x!["op"] == "delete"))
        {
            op!["op"] = "noop";
        }

        return hub.Handle(request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) });
    }

    private HubReaction Echo(HubRequest request)
    {
        var reaction = hub.Handle(request);
        if (!_done && PageOf(reaction) is { } page && page["ops"]!.AsArray().FirstOrDefault() is { } op)
        {
            var again = op.DeepClone().AsObject();
            again["operation_id"] = "01890000-0000-7000-8000-0000000000ee";
            again.Remove("id");
            again.Remove("device_id");
            var push = new JsonObject
            {
                ["device_id"] = "echo",
                ["clock"] = long.MaxValue >> 12,
                ["ops"] = new JsonArray(again),
            };
            hub.Account.Push(System.Text.Json.JsonDocument.Parse(push.ToJsonString()).RootElement);
            _done = true;
        }

        return reaction;
    }

    private HubReaction LeaveOut(HubRequest request)
    {
        var reaction = hub.Handle(request);
        if (PageOf(reaction) is not { } page)
        {
            return reaction;
        }

        var left = page["ops"]!.AsArray().Where(static x => (int?)x!["payload"]?["n"] % 2 != 0).Select(static x => x!.DeepClone());
        page["ops"] = new JsonArray([.. left]);
        return new HubReaction(HubAnswer.Json(200, page));
    }

    private static JsonObject? PageOf(HubReaction reaction) =>
        reaction.Answer is { Status: 200 } answer && FakeHub.TryParse(answer.Body, out var page) && page["ops"] is JsonArray ? page : null;
}
