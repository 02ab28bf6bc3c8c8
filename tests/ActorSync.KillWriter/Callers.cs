using System.Text;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.KillWriter;

/// <summary>Callers as an app has them: each hands in its next operation when the last was answered.</summary>
internal static class Callers
{
    /// <param name="pause">Let go of the thread after each one, so that others come between.</param>
    public static async Task EnqueueAsync(JournalPort port, Report report, OperationIdSource ids, int caller, bool pause)
    {
        for (var i = 0; ; i++)
        {
            var operation = Operation($"k{(caller + i) % 40}", $"{{\"caller\":{caller},\"i\":{i}}}", (Lane)(i & 1));
            Intake.Check(operation, ids.Next, out var intake);
            var request = EnqueueRequest.Rent(intake, asynchronously: true);
            port.Tell(request);
            var accepted = await request.Task;
            report.Line($"A {accepted.OperationId} {accepted.Lamport}");
            if (pause)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>All or none: the rows of a batch share an entity id that says how many they are.</summary>
    public static async Task EnqueueBatchesAsync(JournalPort port, Report report, OperationIdSource ids, int seed, int size)
    {
        for (var i = 0; ; i++)
        {
            var intakes = new Intake[size];
            for (var k = 0; k < size; k++)
            {
                Intake.Check(Operation($"batch {seed} {i} of {size}", $"{k}", Lane.Bulk), ids.Next, out intakes[k]);
            }

            var request = new EnqueueBatchRequest(intakes, new JournalProtocol.SourceCheckpoint("file:test", i), asynchronously: true);
            port.Tell(request);
            foreach (var accepted in await request.Task)
            {
                report.Line($"A {accepted.OperationId} {accepted.Lamport}");
            }
        }
    }

    public static NewOperation Operation(string id, string payload, Lane lane) =>
        new()
        {
            Entity = "thing",
            EntityId = id,
            Payload = Encoding.UTF8.GetBytes(payload),
            Lane = lane,
        };
}
