using System.Text.Json.Serialization;
using ActorSync.Host.Commands;
using ActorSync.Status;

namespace ActorSync.Host.Control;

/// <summary>Every document of the host, snake_case, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, MaxDepth = 64)]
[JsonSerializable(typeof(FailureDocument))]
[JsonSerializable(typeof(Empty))]
[JsonSerializable(typeof(StatusSnapshot))]
[JsonSerializable(typeof(DrainReport))]
[JsonSerializable(typeof(ReconcileReport))]
[JsonSerializable(typeof(EnqueueAsk))]
[JsonSerializable(typeof(EnqueueAnswer))]
[JsonSerializable(typeof(IdAsk))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(SourceAsk))]
[JsonSerializable(typeof(PositionAnswer))]
[JsonSerializable(typeof(ReceiptDocument))]
[JsonSerializable(typeof(ListAsk))]
[JsonSerializable(typeof(RowsAnswer))]
[JsonSerializable(typeof(FoundAnswer))]
[JsonSerializable(typeof(QueueCounts))]
[JsonSerializable(typeof(DigestDocument))]
[JsonSerializable(typeof(EntitiesAsk))]
[JsonSerializable(typeof(EntitiesAnswer))]
[JsonSerializable(typeof(SettingsDocument))]
[JsonSerializable(typeof(SettingsAsk))]
[JsonSerializable(typeof(SignInAsk))]
[JsonSerializable(typeof(BindingDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(EnqueuedDocument))]
[JsonSerializable(typeof(ImportDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(HubDocument))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(SettingDocument))]
[JsonSerializable(typeof(ExportedDocument))]
internal sealed partial class HostJson : JsonSerializerContext;
