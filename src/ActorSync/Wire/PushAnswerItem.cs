using System.Text.Json;

namespace ActorSync.Wire;

/// <summary>One operation as the 200 of a push names it, accepted or rejected.</summary>
internal struct PushAnswerItem
{
    public bool HasOperation { get; private set; }
    public Guid Operation { get; private set; }
    public long? Id { get; private set; }
    public long? Lamport { get; private set; }
    public bool Duplicate { get; private set; }
    public string? Error { get; private set; }
    public string? Message { get; private set; }
    public string? By { get; private set; }

    public static PushAnswerItem Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an operation in the answer is no object");
        }

        var item = default(PushAnswerItem);
        while (PushAnswerReader.Next(ref json) == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("operation_id"u8))
            {
                PushAnswerReader.Next(ref json);

                // An id that is no UUID is somebody else's: it is named, and it is not ours.
                item.HasOperation = json.TokenType == JsonTokenType.String;
                item.Operation = item.HasOperation && json.TryGetGuid(out var operation) ? operation : Guid.Empty;
            }
            else if (json.ValueTextEquals("id"u8))
            {
                PushAnswerReader.Next(ref json);
                item.Id = json.GetInt64();
            }
            else if (json.ValueTextEquals("lamport_ts"u8))
            {
                PushAnswerReader.Next(ref json);
                item.Lamport = json.GetInt64();
            }
            else if (json.ValueTextEquals("duplicate"u8))
            {
                PushAnswerReader.Next(ref json);
                item.Duplicate = json.GetBoolean();
            }
            else if (json.ValueTextEquals("error"u8))
            {
                PushAnswerReader.Next(ref json);
                item.Error = json.GetString();
            }
            else if (json.ValueTextEquals("message"u8))
            {
                PushAnswerReader.Next(ref json);
                item.Message = json.GetString();
            }
            else if (json.ValueTextEquals("by"u8))
            {
                PushAnswerReader.Next(ref json);
                item.By = json.GetString();
            }
            else
            {
                json.Skip();
            }
        }

        return item;
    }
}
