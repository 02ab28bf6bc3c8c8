using System.Text.Json;
using ActorSync.Model;
using ActorSync.Outbox;
using ActorSync.OutboxSample;
using Microsoft.Data.Sqlite;

// An app with a database of its own: each change of a track and the operation that tells the hub of it commit together.
// usage: FILE FIRST COUNT   prints "committed ID" and "rolled back ID"
//        FILE inbox DATA    takes what comes in, until it is killed; prints "writing ID" and "written ID"
SQLitePCL.Batteries_V2.Init();
using var connection = new SqliteConnection($"Data Source={args[0]}");
connection.Open();
if (args[1] == "inbox")
{
    Run(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS applied (id TEXT PRIMARY KEY, times INTEGER NOT NULL)"
    );
    await Inbox.RunAsync(connection, args[2]);
    return;
}

var (first, count) = (int.Parse(args[1]), int.Parse(args[2]));
Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS track (id TEXT PRIMARY KEY, title TEXT NOT NULL)");
AppOutbox.Install(connection);

for (var number = first; number < first + count; number++)
{
    var (id, title) = ($"track-{number}", $"Title {number}");
    using var transaction = connection.BeginTransaction();
    Insert(transaction, id, title);
    AppOutbox.Enqueue(
        connection,
        transaction,
        new NewOperation
        {
            Entity = "track",
            EntityId = id,
            Kind = OperationKind.Insert,
            Payload = JsonSerializer.SerializeToUtf8Bytes(new { title }),
        }
    );
    if (number % 7 == 3)
    {
        transaction.Rollback();
        Console.WriteLine($"rolled back {id}");
        continue;
    }

    transaction.Commit();
    Console.WriteLine($"committed {id}");
}

void Insert(SqliteTransaction transaction, string id, string title)
{
    using var insert = connection.CreateCommand();
    insert.Transaction = transaction;
    insert.CommandText = "INSERT INTO track (id, title) VALUES ($id, $title)";
    insert.Parameters.AddWithValue("$id", id);
    insert.Parameters.AddWithValue("$title", title);
    insert.ExecuteNonQuery();
}

void Run(string sql)
{
    using var command = connection.CreateCommand();
    command.CommandText = sql;
    command.ExecuteNonQuery();
}
