using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Host.Control;

/// <summary>The words that files, flags and documents use for the model's closed sets.</summary>
internal static class Words
{
    public const string Kinds = "set, insert, delete or noop";
    public const string Lanes = "priority or bulk";

    public static OperationKind? Kind(string word) =>
        word switch
        {
            "set" => OperationKind.Set,
            "insert" => OperationKind.Insert,
            "delete" => OperationKind.Delete,
            "noop" => OperationKind.Noop,
            _ => null,
        };

    public static string Of(OperationKind kind) =>
        kind switch
        {
            OperationKind.Set => "set",
            OperationKind.Insert => "insert",
            OperationKind.Delete => "delete",
            OperationKind.Noop => "noop",
            _ => "unknown",
        };

    public static Lane? Lane(string word) =>
        word switch
        {
            "priority" => Model.Lane.Priority,
            "bulk" => Model.Lane.Bulk,
            _ => null,
        };

    public static string Of(Lane lane) => lane == Model.Lane.Priority ? "priority" : "bulk";

    public static RowState? State(string word) =>
        word switch
        {
            "pending" => RowState.Pending,
            "parked" => RowState.Parked,
            "dead" => RowState.Dead,
            _ => null,
        };

    public static string Of(RowState state) =>
        state switch
        {
            RowState.Pending => "pending",
            RowState.Parked => "parked",
            RowState.Dead => "dead",
            RowState.Acked => "acked",
            _ => "unknown",
        };
}
