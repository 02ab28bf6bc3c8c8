using System.Text.Json;
using System.Text.Json.Nodes;
using ActorSync.Journal;
using ActorSync.Pull;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Runtime;

namespace ActorSync.Tests.Pull;

/// <summary>What the tests of pulling do with a profile and its hub.</summary>
internal static class PullWorld
{
    private static int s_number;

    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    /// <summary>Another device of the account has written this.</summary>
    public static string Elsewhere(
        this ProfileWorld world,
        string id,
        long lamport,
        string payload,
        string op = "set",
        string? field = null,
        string device = "other"
    )
    {
        var operation = $"01890000-0000-7000-8000-{Interlocked.Increment(ref s_number) + 0x1000:x12}";
        var body = new JsonObject
        {
            ["device_id"] = device,
            ["clock"] = (1L << 40) + lamport,
            ["ops"] = new JsonArray(
                new JsonObject
                {
                    ["operation_id"] = operation,
                    ["lamport_ts"] = lamport,
                    ["entity"] = "note",
                    ["entity_id"] = id,
                    ["field"] = field,
                    ["op"] = op,
                    ["payload"] = JsonNode.Parse(payload),
                }
            ),
        };
        world.Hub.Account.Push(JsonDocument.Parse(body.ToJsonString()).RootElement);
        return operation;
    }

    public static string Digest(this ProfileWorld world) =>
        world.AskJournal<JournalProtocol.ReplicaDigested>(asker => new JournalProtocol.GetDigest(asker)).Digest;

    /// <summary>Runs until the replica is the hub's.</summary>
    public static bool IsEqualSoon(this ProfileWorld world, TimeSpan? limit = null)
    {
        var end = world.World.Elapsed + (limit ?? Soon);
        while (world.Digest() != world.Hub.Account.Merged().Digest)
        {
            if (world.World.Elapsed > end)
            {
                return false;
            }

            world.World.Run(TimeSpan.FromMilliseconds(250));
        }

        return true;
    }

    public static JournalProtocol.EntityView? Note(this ProfileWorld world, string id) =>
        world
            .AskJournal<JournalProtocol.Entities>(asker => new JournalProtocol.GetEntities("note", id, null, 10, asker))
            .Items.FirstOrDefault();

    public static ReconcileReport Reconcile(this ProfileWorld world) =>
        world.Ask<ReconcileReport>(world.Profile, asker => new PullProtocol.Reconcile(asker));

    public static IEnumerable<HubExchange> Pages(this ProfileWorld world) => world.Hub.Exchanges.Where(static x => x.Request.IsPull);
}
