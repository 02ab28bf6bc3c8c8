using System.Text;

namespace ActorSync.Hub.Store;

/// <summary>The last complete capture of each device's side collection.</summary>
internal sealed class HangarTable(Connection connection)
{
    // Captures may arrive late and out of order, and an empty one is rather a source that could not be read than a collection that is gone.
    private readonly Statement _put = connection.Prepare(
        """
        INSERT INTO hangar (device, captured_at, received_at, items) VALUES (?, ?, ?, ?)
        ON CONFLICT (device) DO UPDATE
        SET captured_at = excluded.captured_at, received_at = excluded.received_at, items = excluded.items
        WHERE excluded.captured_at >= captured_at AND (excluded.items <> '[]' OR items = '[]')
        """
    );
    private readonly Statement _get = connection.Prepare("SELECT captured_at, received_at, items FROM hangar WHERE device = ?");

    /// <param name="device">Whose.</param>
    /// <param name="capturedAt">Unix milliseconds.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="items">A JSON array; <c>[]</c> when it is empty.</param>
    public void Put(DeviceState device, long capturedAt, long now, ReadOnlySpan<byte> items) =>
        _put.Bind(1, device.Number).Bind(2, capturedAt).Bind(3, now).BindText(4, items).Run();

    public HangarSnapshot? Get(DeviceState device)
    {
        if (!_get.Bind(1, device.Number).Step())
        {
            return null;
        }

        var snapshot = new HangarSnapshot(
            DateTimeOffset.FromUnixTimeMilliseconds(_get.Int64(0)),
            DateTimeOffset.FromUnixTimeMilliseconds(_get.Int64(1)),
            Encoding.UTF8.GetString(_get.Bytes(2))
        );
        _get.Reset();
        return snapshot;
    }
}

/// <param name="Items">A JSON array.</param>
internal sealed record HangarSnapshot(DateTimeOffset CapturedAt, DateTimeOffset ReceivedAt, string Items);
