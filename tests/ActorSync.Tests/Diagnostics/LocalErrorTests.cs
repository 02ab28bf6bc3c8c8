using ActorSync.Diagnostics;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Diagnostics;

/// <summary>Failures of this machine, each made for real.</summary>
[Trait("criterion", "H8")]
public sealed class LocalErrorTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-local-");

    static LocalErrorTests() => SQLitePCL.Batteries_V2.Init();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_folder_opened_as_a_file_is_a_matter_of_permission() =>
        Classify(() => File.OpenRead(_folder.FullName)).ShouldBe((ErrorClass.LocalPermission, "permission"));

    [Fact]
    public void A_file_that_is_not_there_is_named_so() =>
        Classify(() => File.OpenRead(Path("missing"))).ShouldBe((ErrorClass.LocalResource, "file_missing"));

    [Fact]
    public void A_full_device_is_a_full_disk()
    {
        if (!File.Exists("/dev/full"))
        {
            return; // Linux only; elsewhere the numbers of JudgeFile are covered by the random graphs alone.
        }

        Classify(() =>
            {
                using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
                full.Write([1]);
            })
            .ShouldBe((ErrorClass.StorageFull, "storage_full"));
    }

    [Fact]
    public void A_database_held_by_another_is_busy()
    {
        using var holder = Open("busy.db");
        Run(holder, "CREATE TABLE t(x); BEGIN EXCLUSIVE");
        using var other = Open("busy.db");
        Classify(() => Run(other, "INSERT INTO t VALUES(1)")).ShouldBe((ErrorClass.StorageBusy, "storage_busy"));
    }

    [Fact]
    public void A_file_that_is_no_database_is_corrupt()
    {
        File.WriteAllText(Path("none.db"), new string('x', 8_192));
        using var database = Open("none.db");
        Classify(() => Run(database, "SELECT * FROM sqlite_master")).ShouldBe((ErrorClass.StorageCorrupt, "storage_corrupt"));
    }

    [Fact]
    public void A_damaged_page_is_corrupt()
    {
        using (var database = Open("damaged.db"))
        {
            Run(database, "CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(100000))");
        }

        var bytes = File.ReadAllBytes(Path("damaged.db"));
        bytes.AsSpan(4096, 4096).Fill(0xAA);
        File.WriteAllBytes(Path("damaged.db"), bytes);
        using var again = Open("damaged.db");
        Classify(() => Run(again, "SELECT * FROM t")).ShouldBe((ErrorClass.StorageCorrupt, "storage_corrupt"));
    }

    [Fact]
    public void A_database_that_cannot_grow_is_full()
    {
        using var database = Open("full.db");
        Run(database, "CREATE TABLE t(x); PRAGMA max_page_count = 3");
        Classify(() => Run(database, "INSERT INTO t VALUES(zeroblob(100000))")).ShouldBe((ErrorClass.StorageFull, "storage_full"));
    }

    [Fact]
    public void A_database_that_may_only_be_read_is_a_matter_of_permission()
    {
        using (var database = Open("read.db"))
        {
            Run(database, "CREATE TABLE t(x)");
        }

        using var reader = Open("read.db", SqliteOpenMode.ReadOnly);
        Classify(() => Run(reader, "INSERT INTO t VALUES(1)")).ShouldBe((ErrorClass.LocalPermission, "storage_permission"));
    }

    [Fact]
    public void A_database_in_a_folder_that_is_not_there_cannot_be_opened() =>
        Classify(() => Open("no/such/folder.db").Dispose()).ShouldBe((ErrorClass.LocalPermission, "storage_cannot_open"));

    [Theory]
    [InlineData(10, "storage_io")] // IOERR
    [InlineData(1034, "storage_io")] // IOERR_FSYNC
    [InlineData(778, "storage_io")] // IOERR_WRITE
    [InlineData(3850, "storage_busy")] // IOERR_LOCK
    [InlineData(3082, "memory")] // IOERR_NOMEM
    [InlineData(8458, "storage_corrupt")] // IOERR_CORRUPTFS
    [InlineData(261, "storage_busy")] // BUSY_RECOVERY
    [InlineData(517, "storage_busy")] // BUSY_SNAPSHOT
    [InlineData(267, "storage_corrupt")] // CORRUPT_VTAB
    [InlineData(1032, "storage_permission")] // READONLY_DBMOVED
    [InlineData(1, "unknown")]
    [InlineData(2067, "unknown")] // CONSTRAINT_UNIQUE: a fault of ours
    [InlineData(-1, "unknown")]
    public void A_result_code_is_known_by_its_number(int resultCode, string code) => StorageErrors.Classify(resultCode).Code.ShouldBe(code);

    private static (ErrorClass, string) Classify(Action action)
    {
        var failure = ErrorClassifier.Classify(Should.Throw<Exception>(action));
        return (failure.Class, failure.Code);
    }

    private string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    private SqliteConnection Open(string name, SqliteOpenMode mode = SqliteOpenMode.ReadWriteCreate)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = Path(name),
                Mode = mode,
                Pooling = false,
                DefaultTimeout = 1,
            }.ToString()
        );
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 1;
        command.ExecuteNonQuery();
    }
}
