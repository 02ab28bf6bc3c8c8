using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Host.Control;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Host.Import;

/// <summary>Numbers that the importer moves on and whoever paints reads.</summary>
internal sealed class ImportProgress
{
    private long _taken;
    private long _bytes;

    /// <summary>Operations that the journal holds, earlier runs included.</summary>
    public long Taken => Volatile.Read(ref _taken);

    public long Bytes => Volatile.Read(ref _bytes);

    public long TotalBytes { get; set; }

    /// <summary>Why nothing moves just now, or null.</summary>
    public string? Waiting { get; set; }

    public void Moved(long taken, long bytes)
    {
        Volatile.Write(ref _taken, taken);
        Volatile.Write(ref _bytes, bytes);
    }
}

/// <param name="Stored">New in the journal by this run.</param>
/// <param name="Duplicates">Lines whose id the journal held already.</param>
/// <param name="Skipped">Operations that an earlier run took.</param>
/// <param name="Bad">Lines that were left out; only with skip-bad.</param>
/// <param name="FirstBad">The first few of them, with their numbers.</param>
/// <param name="Interrupted">Ended at the boundary of a batch because it was asked to.</param>
internal sealed record ImportResult(
    long Stored,
    long Duplicates,
    long Skipped,
    long Bad,
    ImmutableArray<string> FirstBad,
    long Lines,
    bool Interrupted
);

/// <summary>
/// Takes a file of operations over into the journal: one batch is parsed while the one before commits. Each batch commits with the number of its
/// last line, so that a run that was killed goes on where the journal stands.
/// </summary>
internal sealed class Importer(IDoor door, TimeProvider time, ImportSource source, bool skipBad, ImportProgress progress)
{
    private const int BatchOperations = 1000;
    private const int BatchBytes = 4 << 20;
    private const int ShownFaults = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly LineReader _lines = new(source.Content);
    private readonly OperationLine _parser = new();
    private readonly ImmutableArray<string>.Builder _firstBad = ImmutableArray.CreateBuilder<string>();
    private LineFault? _stopFault;
    private byte[] _seed = source.Digest;
    private long _mark;
    private long _skipped;
    private long _bad;
    private long _stored;
    private long _duplicates;

    /// <summary>The device that the operations are of: the same file taken over by two devices of an account makes different operations.</summary>
    public string Device
    {
        init => _seed = SHA256.HashData([.. source.Digest, .. Encoding.UTF8.GetBytes(value)]);
    }

    /// <exception cref="SyncException">Code <c>bad_line</c> naming the line and the key, or why the journal takes no more. What was taken before stays.</exception>
    public async Task<ImportResult> RunAsync(CancellationToken stop)
    {
        progress.TotalBytes = source.Length;
        _mark = (await door.AskAsync(Calls.Checkpoint, new SourceAsk(source.Name), stop)).Position;
        var inFlight = Task.CompletedTask;
        while (true)
        {
            var batch = stop.IsCancellationRequested ? null : ReadBatch();
            await inFlight;
            if (batch is null || stop.IsCancellationRequested)
            {
                break;
            }

            inFlight = StoreAsync(batch, stop);
        }

        progress.Moved(_skipped + _stored + _duplicates, source.Position);
        return _stopFault is { } fault && !stop.IsCancellationRequested
            ? throw new SyncException(
                "bad_line",
                $"line {_lines.Number}: {fault.Field}: {fault.Message}",
                "correct that line and import the file again, or leave bad lines out with --skip-bad"
            )
            : new ImportResult(_stored, _duplicates, _skipped, _bad, _firstBad.ToImmutable(), _lines.Number, stop.IsCancellationRequested);
    }

    // Null at the end of the file, or when a bad line stops us and nothing before it waits.
    private Batch? ReadBatch()
    {
        var operations = ImmutableArray.CreateBuilder<NewOperation>(BatchOperations);
        var bytes = 0;
        while (_stopFault is null && operations.Count < BatchOperations && bytes < BatchBytes)
        {
            var kind = ReadLine(out var line);
            if (kind == LineKind.End)
            {
                break;
            }

            // Lines behind the mark are in the journal; they are looked at again only to count the bad ones among them.
            var taken = _lines.Number <= _mark;
            if ((kind == LineKind.Line && IsBlank(line)) || (taken && !skipBad))
            {
                _skipped += taken && !(kind == LineKind.Line && IsBlank(line)) ? 1 : 0;
                continue;
            }

            NewOperation? operation = null;
            var fault =
                kind == LineKind.TooLong
                    ? new LineFault("line", $"is longer than {LineReader.MaxLine} bytes")
                    : _parser.Read(line, OperationIdSource.ForLine(_seed, _lines.Number), out operation);
            if (fault is not null)
            {
                Fault(fault);
            }
            else if (taken)
            {
                _skipped++;
            }
            else
            {
                operations.Add(operation!);
                bytes += line.Length;
            }
        }

        return operations.Count == 0
            ? null
            : new Batch(
                operations.DrainToImmutable(),
                new JournalProtocol.SourceCheckpoint(source.Name, _stopFault is null ? _lines.Number : _lines.Number - 1),
                source.Position
            );
    }

    private LineKind ReadLine(out ReadOnlySpan<byte> line)
    {
        try
        {
            return _lines.Read(out line);
        }
        catch (InvalidDataException damaged)
        {
            throw new SyncException(
                "bad_line",
                $"the file cannot be unpacked behind line {_lines.Number}: {damaged.Message}",
                "fetch or pack the file again; what was taken before stays",
                damaged
            );
        }
    }

    private void Fault(LineFault fault)
    {
        if (!skipBad)
        {
            _stopFault = fault;
            return;
        }

        _bad++;
        if (_firstBad.Count < ShownFaults)
        {
            _firstBad.Add($"line {_lines.Number}: {fault.Field}: {fault.Message}");
        }
    }

    private async Task StoreAsync(Batch batch, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                // Not cancelled once it is on its way: an import ends between two batches.
                var accepted = await door.EnqueueAsync(batch.Operations, batch.Checkpoint, CancellationToken.None);
                var duplicates = accepted.LongCount(static a => a.Duplicate);
                _duplicates += duplicates;
                _stored += accepted.Length - duplicates;
                progress.Waiting = null;
                progress.Moved(_skipped + _stored + _duplicates, batch.Position);
                return;
            }
            catch (SyncException full) when (full.Code == "journal_full" && door.Drains)
            {
                // It drains; room comes.
                progress.Waiting = full.Message;
            }
            catch (SyncException away) when (away.Code == "journal_unavailable" && time.GetElapsedTime(started) < Patience)
            {
                progress.Waiting = away.Message;
            }

            if (stop.IsCancellationRequested)
            {
                // Not stored, and its mark is not set: the next run begins with this batch.
                return;
            }

            await Task.Delay(Pause, time, CancellationToken.None);
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    private sealed record Batch(ImmutableArray<NewOperation> Operations, JournalProtocol.SourceCheckpoint Checkpoint, long Position);
}
