using ActorSync.Model;
using Microsoft.EntityFrameworkCore;

namespace ActorSync.Benchmarks;

/// <summary>The outbox of many an app: a context a unit of work, one row, SaveChanges.</summary>
internal sealed class EfOutbox : IOutbox
{
    private readonly DbContextOptions<Outbox> _options;

    public EfOutbox(string folder)
    {
        _options = new DbContextOptionsBuilder<Outbox>().UseSqlite($"Data Source={Path.Combine(folder, "ef.db")}").Options;
        using var outbox = new Outbox(_options);
        outbox.Database.EnsureCreated();
        outbox.Database.ExecuteSqlRaw("PRAGMA journal_mode = WAL");
    }

    public void Add(NewOperation operation)
    {
        using var outbox = new Outbox(_options);
        outbox.Add(
            new OutboxRow
            {
                OperationId = Guid.CreateVersion7(),
                Entity = operation.Entity,
                EntityId = operation.EntityId,
                Kind = (int)operation.Kind,
                Payload = System.Text.Encoding.UTF8.GetString(operation.Payload.Span),
            }
        );
        outbox.SaveChanges();
    }

    public void Dispose() => Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();

    private sealed class Outbox(DbContextOptions<Outbox> options) : DbContext(options)
    {
        public DbSet<OutboxRow> Rows => Set<OutboxRow>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) =>
            modelBuilder.Entity<OutboxRow>().HasIndex(row => row.OperationId).IsUnique();
    }

    private sealed class OutboxRow
    {
        public long Id { get; init; }

        public required Guid OperationId { get; init; }

        public required string Entity { get; init; }

        public required string EntityId { get; init; }

        public required int Kind { get; init; }

        public required string Payload { get; init; }
    }
}
