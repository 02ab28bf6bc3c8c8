using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using Spectre.Console;

namespace ActorSync.Host.Commands;

/// <summary>Rows of the journal, for <c>queue</c> and <c>dead</c>.</summary>
internal static class Rows
{
    public const int Page = 1000;

    public static async Task<int> ListAsync(VerbCall call, string state, int limit)
    {
        await using var door = await call.OpenAsync();
        var rows = await door.AskAsync(Calls.List, new ListAsk(state, AfterSeq: 0, Math.Min(limit, Page)), call.Stop);
        if (call.Json)
        {
            call.Document(rows, HostJson.Default.RowsAnswer);
            return ExitCodes.Done;
        }

        var table = new Table()
            .Border(TableBorder.Simple)
            .AddColumns("operation", "stamp", "op", "entity", "lane", "created", "tries", "last error");
        foreach (var row in rows.Operations)
        {
            table.AddRow(
                new Text(row.OperationId),
                new Text($"{row.Lamport}"),
                new Text(row.Op),
                new Text(Plain.Text($"{row.Entity}/{row.EntityId}{(row.Field is null ? "" : $".{row.Field}")}", 80)),
                new Text(row.Lane),
                new Text(Plain.Time(row.CreatedAt)),
                new Text($"{row.Attempts}"),
                new Text(Plain.Text(row.LastError ?? (row.BlockedBy is null ? "" : $"waits behind {row.BlockedBy}"), 120))
            );
        }

        call.Io.ForPeople().Write(table);
        if (rows.HasMore)
        {
            call.Say($"the first {rows.Operations.Length}; --limit N shows more, up to {Page} or 4 MiB; 'queue export' gives all");
        }

        return ExitCodes.Done;
    }

    /// <param name="where">What the row is looked for among, such as <c>in the queue</c>.</param>
    public static async Task<int> ShowAsync(VerbCall call, string id, Func<RowDocument, bool> belongs, string where)
    {
        await using var door = await call.OpenAsync();
        var found = (await door.AskAsync(Calls.Find, new IdAsk(id), call.Stop)).Operation;
        if (found is null || !belongs(found))
        {
            throw Failures.NoSuchOperation(id, where);
        }

        if (call.Json)
        {
            call.Document(new FoundAnswer(found), HostJson.Default.FoundAnswer);
            return ExitCodes.Done;
        }

        call.Line(
            $"operation   {found.OperationId}   stamp {found.Lamport}{(found.Published ? " (published)" : "")}   {found.State}   lane {found.Lane}"
        );
        call.Line($"change      {found.Op} {found.Entity}/{found.EntityId}{(found.Field is null ? "" : $" field {found.Field}")}");
        call.Line($"payload     {found.Payload}");
        call.Line($"created     {Plain.Time(found.CreatedAt)}   attempts {found.Attempts}, last {Plain.Time(found.LastAttemptAt)}");
        if (found.LastError is not null)
        {
            call.Line($"last error  {found.LastError}");
        }

        if (found.BlockedBy is not null)
        {
            call.Line($"waits for   {found.BlockedBy}");
        }

        return ExitCodes.Done;
    }

    /// <summary>Prints how many a change touched; none is a failure when one was named.</summary>
    public static int Changed(VerbCall call, CountAnswer changed, string what, string? id, string where)
    {
        if (id is not null && changed.Count == 0)
        {
            throw Failures.NoSuchOperation(id, where);
        }

        if (call.Json)
        {
            call.Document(changed, HostJson.Default.CountAnswer);
        }
        else
        {
            call.Line($"{Plain.Count(changed.Count)} {what}");
        }

        return ExitCodes.Done;
    }
}
