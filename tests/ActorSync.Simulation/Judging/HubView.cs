using System.Text.Json;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Judging;

/// <summary>What a hub holds, told by the numbers in the payloads.</summary>
internal sealed class HubView
{
    private readonly Dictionary<int, List<HubOperation>> _byNumber = [];

    public HubView(FakeHub hub)
    {
        foreach (var operation in hub.Account.Log.Where(static x => !IsRepair(x)))
        {
            if (NumberOf(operation) is { } number)
            {
                if (!_byNumber.TryGetValue(number, out var held))
                {
                    _byNumber[number] = held = [];
                }

                held.Add(operation);
            }
        }
    }

    public bool Has(int number) => _byNumber.ContainsKey(number);

    public IReadOnlyList<HubOperation> Of(int number) => _byNumber.TryGetValue(number, out var held) ? held : [];

    public IEnumerable<int> Numbers => _byNumber.Keys;

    /// <summary>A register that a device gave back to a hub that had lost it: judged by the digests.</summary>
    public static bool IsRepair(HubOperation operation) => operation.OperationId[14] == '8';

    public static int? NumberOf(HubOperation operation)
    {
        using var payload = JsonDocument.Parse(operation.Payload);
        return payload.RootElement.ValueKind == JsonValueKind.Object && payload.RootElement.TryGetProperty("n", out var number)
            ? number.GetInt32()
            : null;
    }
}
