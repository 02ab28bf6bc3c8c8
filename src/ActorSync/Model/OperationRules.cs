using System.Text;

namespace ActorSync.Model;

/// <summary>The bounds of one operation. They are the protocol's, so a journal refuses what a hub would refuse.</summary>
internal static class OperationRules
{
    public const int MaxEntityBytes = 256;
    public const int MaxEntityIdBytes = 1024;
    public const int MaxFieldBytes = 256;
    public const int MaxPayloadBytes = 1 << 20;

    /// <summary>Levels of nesting in a payload. With the envelope's own it stays within the 32 that a client reads.</summary>
    public const int MaxPayloadDepth = 28;

    /// <summary>The highest stamp: the largest integer that JSON carries exactly everywhere.</summary>
    public const long MaxLamport = (1L << 53) - 1;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Checks everything but the payload's JSON; null when the operation is well formed.</summary>
    public static OperationFault? CheckShape(NewOperation operation) =>
        CheckText("entity", operation.Entity, MaxEntityBytes, required: true)
        ?? CheckText("entity_id", operation.EntityId, MaxEntityIdBytes, required: true)
        ?? CheckText("field", operation.Field, MaxFieldBytes, required: false)
        ?? (
            operation.Kind > OperationKind.Noop
                ? new OperationFault("op", $"unknown kind {(int)operation.Kind}; use set, insert, delete or noop")
                : null
        )
        ?? (operation.Lane > Lane.Bulk ? new OperationFault("lane", $"unknown lane {(int)operation.Lane}; use priority or bulk") : null)
        ?? (operation.Schema < 1 ? new OperationFault("schema", "must be 1 or more") : null)
        ?? (
            operation.Payload.Length > MaxPayloadBytes
                ? new OperationFault("payload", $"{operation.Payload.Length} bytes; at most {MaxPayloadBytes}", TooLarge: true)
                : null
        )
        ?? (operation.OperationId is { Value: var id } && id == Guid.Empty ? new OperationFault("operation_id", "is the nil UUID") : null);

    private static OperationFault? CheckText(string field, string? text, int maxBytes, bool required)
    {
        if (string.IsNullOrEmpty(text))
        {
            return required ? new OperationFault(field, "is missing or empty") : null;
        }

        if (required && string.IsNullOrWhiteSpace(text))
        {
            return new OperationFault(field, "is blank");
        }

        // An ASCII text of n characters is n bytes; only a longer or foreign one is counted.
        if (text.Length > maxBytes)
        {
            return new OperationFault(field, $"is longer than {maxBytes} bytes of UTF-8");
        }

        try
        {
            var bytes = Strict.GetByteCount(text);
            return bytes > maxBytes ? new OperationFault(field, $"is {bytes} bytes of UTF-8; at most {maxBytes}") : null;
        }
        catch (EncoderFallbackException)
        {
            return new OperationFault(field, "has half of a surrogate pair, which is no Unicode text");
        }
    }
}

/// <summary>Why an operation is refused: the field as the wire names it, and what is wrong with it.</summary>
internal sealed record OperationFault(string Field, string Message, bool TooLarge = false);
