using System.CommandLine;
using System.Text;
using System.Text.Json;
using ActorSync.Host.Control;
using ActorSync.Model;

namespace ActorSync.Host.Commands;

/// <param name="Delivered">Only with --wait: whether the hub has it.</param>
/// <param name="Error">Only with --wait: why it never will.</param>
internal sealed record EnqueuedDocument(string OperationId, long Lamport, bool Duplicate, bool? Delivered, string? Error);

internal static class EnqueueCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static VerbCommand Create()
    {
        var entity = new Option<string>("--entity")
        {
            Description = "The kind of thing",
            HelpName = "E",
            Required = true,
        };
        var id = new Option<string>("--id")
        {
            Description = "Which one",
            HelpName = "ID",
            Required = true,
        };
        var op = new Option<string>("--op") { Description = "What happens to it", Required = true };
        op.OneOf("set", "insert", "delete", "noop");
        var field = new Option<string?>("--field") { Description = "One register of it", HelpName = "F" };
        var payload = new Option<string?>("--payload") { Description = "The value, as JSON", HelpName = "JSON" };
        var lane = new Option<string>("--lane") { Description = "How urgent it is", DefaultValueFactory = _ => "priority" };
        lane.OneOf("priority", "bulk");
        var operationId = new Option<string?>("--operation-id")
        {
            Description = "An id of your own; handing the same one in again changes nothing",
            HelpName = "UUID",
        };
        var wait = new Option<bool>("--wait") { Description = "Until the hub has it" };
        return new VerbCommand(
            "enqueue",
            "Hands in one operation; prints its id and stamp once it is on disk",
            """actorsync enqueue --entity playlist --id p1 --op set --payload '{"name":"Sunday"}'""",
            "actorsync enqueue --entity track --id t7 --op set --field rating --payload 5 --wait",
            "actorsync enqueue --entity playlist --id p1 --op delete"
        )
        {
            entity,
            id,
            op,
            field,
            payload,
            lane,
            operationId,
            wait,
        }.Runs(call =>
        {
            var text = call.Get(operationId);
            var operation = new NewOperation
            {
                Entity = call.Get(entity)!,
                EntityId = call.Get(id)!,
                Kind = Words.Kind(call.Get(op)!)!.Value,
                Field = call.Get(field),
                Payload = Payload(call.Get(payload)),
                Lane = Words.Lane(call.Get(lane)!)!.Value,
                OperationId =
                    text is null ? null
                    : OperationId.TryParse(text, out var own) ? own
                    : throw Failures.Usage("--operation-id", $"'{text}' is no UUID of 36 characters"),
            };
            return RunAsync(call, operation, call.Get(wait));
        });
    }

    private static async Task<int> RunAsync(VerbCall call, NewOperation operation, bool wait)
    {
        if (OperationRules.CheckShape(operation) is { } fault)
        {
            throw Failures.Usage(FlagOf(fault.Field), fault.Message);
        }

        await using var door = await call.OpenAsync(wait ? Need.Sending : Need.Journal);
        var accepted = (await door.EnqueueAsync([operation], checkpoint: null, call.Stop))[0];
        var receipt = wait ? await ReceiptAsync(call, door, accepted) : null;
        var document = new EnqueuedDocument(
            accepted.OperationId.ToString(),
            accepted.Lamport,
            accepted.Duplicate,
            receipt?.Delivered,
            receipt?.Error
        );
        if (call.Json)
        {
            call.Document(document, HostJson.Default.EnqueuedDocument);
        }
        else
        {
            var fate =
                receipt is null ? ""
                : receipt.Delivered ? "  delivered"
                : $"  refused: {receipt.Error}";
            call.Line($"{document.OperationId}  {document.Lamport}{(document.Duplicate ? "  known already" : "")}{fate}");
        }

        return receipt is { Delivered: false } ? ExitCodes.SomeRefused : ExitCodes.Done;
    }

    // A receipt may take as long as the hub is away, but not when nothing will be sent at all.
    private static async Task<ReceiptDocument> ReceiptAsync(VerbCall call, IDoor door, Accepted accepted)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        var receipt = door.AskAsync(Calls.Receipt, new IdAsk(accepted.OperationId.ToString()), over.Token);
        string? said = null;
        try
        {
            while (await Task.WhenAny(receipt, Task.Delay(LookEvery, call.Io.Time, over.Token)) != receipt)
            {
                call.Stop.ThrowIfCancellationRequested();
                var status = await door.AskAsync(Calls.Status, Empty.Value, call.Stop);
                var health = status.Health;
                if (health.State is "OFF" or "PAUSED")
                {
                    throw new SyncException(
                        health.State == "OFF" ? "not_signed_in" : "paused",
                        $"operation {accepted.OperationId} is on disk and waits: {health.Reason}",
                        "sign in with 'actorsync pair', or switch to hybrid mode; it is sent then"
                    );
                }

                if (health.State != "OK" && health.Reason != said)
                {
                    call.Say($"waiting: {said = health.Reason}");
                }
            }

            return await receipt;
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private static ReadOnlyMemory<byte> Payload(string? json)
    {
        if (json is null)
        {
            return default;
        }

        var utf8 = Encoding.UTF8.GetBytes(json);
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = OperationRules.MaxPayloadDepth });
            while (reader.Read()) { }
        }
        catch (JsonException malformed)
        {
            throw Failures.Usage("--payload", $"is not JSON: {malformed.Message}", "quote it for the shell: --payload '{\"name\":\"x\"}'");
        }

        return utf8;
    }

    private static string FlagOf(string field) =>
        field switch
        {
            "entity_id" => "--id",
            "operation_id" => "--operation-id",
            _ => $"--{field}",
        };
}
