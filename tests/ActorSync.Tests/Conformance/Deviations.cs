using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.Tests.Conformance;

/// <summary>Hubs that break one rule each, by the check that has to see it.</summary>
internal static partial class Deviations
{
    private const string Ops = "/api/v1/sync/ops";

    /// <summary>What the hub does wrong, and the check that must fail.</summary>
    public static readonly ImmutableArray<(string Name, string Check, Func<Deviation> Make)> All =
    [
        .. OfPushes,
        .. OfPulls,
        .. OfAnswers,
        .. OfDoors,
    ];

    /// <summary>From when a run has begun, that is after its first push.</summary>
    public static Deviation AlwaysTheSame(int status, string body)
    {
        var begun = false;
        return new Deviation
        {
            Instead = asked =>
                begun
                    ? new Told(
                        status,
                        ImmutableDictionary<string, string>.Empty.Add("content-type", "application/json"),
                        asked.Method == "HEAD" ? [] : Encoding.UTF8.GetBytes(body)
                    )
                    : null,
            Tell = (asked, told) =>
            {
                begun |= IsPush(asked) && told.Status == 200;
                return told;
            },
        };
    }

    private static Deviation Answering(Func<Asked, bool> to, Action<JsonObject> change) =>
        new() { Tell = (asked, told) => to(asked) && told.Body.Length > 0 ? Changed(told, change) : told };

    private static Deviation Pushes(Action<JsonObject> change) => Answering(IsPush, json => OnlyWith(json, "accepted", change));

    private static Deviation Pages(Action<JsonObject> change) => Answering(IsPull, json => OnlyWith(json, "has_more", change));

    private static Deviation Asking(Func<Asked, bool> of, Action<JsonObject> change) =>
        new() { Ask = asked => of(asked) && Parse(asked.Body) is { } json ? asked with { Body = Bytes(json, change) } : asked };

    private static Deviation Statuses(int from, int to) =>
        new() { Tell = (_, told) => told.Status == from ? told with { Status = to } : told };

    private static bool IsPush(Asked asked) => asked is { Method: "POST", Path: Ops };

    private static bool IsPull(Asked asked) => asked is { Method: "GET", Path: Ops };

    private static void OnlyWith(JsonObject json, string member, Action<JsonObject> change)
    {
        if (json.ContainsKey(member))
        {
            change(json);
        }
    }

    private static IEnumerable<JsonObject> Items(this JsonObject json, string name) =>
        json[name]!.AsArray().Select(item => item!.AsObject());

    private static Told Changed(Told told, Action<JsonObject> change) =>
        Parse(told.Body) is { } json ? told with { Body = Bytes(json, change) } : told;

    private static JsonObject? Parse(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static byte[] Bytes(JsonObject json, Action<JsonObject> change)
    {
        change(json);
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static string Other(JsonNode? head) => new([.. head!.GetValue<string>().Select(c => c == '0' ? '1' : '0')]);

    private static long Number(JsonNode? node) => node!.GetValue<long>();

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
