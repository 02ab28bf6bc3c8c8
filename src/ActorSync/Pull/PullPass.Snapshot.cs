using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Journal.InboundProtocol;

namespace ActorSync.Pull;

/// <summary>The hub's whole replica, as it comes in: one piece is read when the last one is merged.</summary>
internal sealed partial class PullPass
{
    private const int RowsAtOnce = 500;

    private IHubDownload? _download;
    private SnapshotReader? _reader;
    private bool _begun;

    public void Opened(SnapshotOpened opened)
    {
        if (!ReferenceEquals(opened.Flight, _flight))
        {
            (opened.Opening as HubOpening.Opened)?.Body.Dispose();
            return;
        }

        if (opened.Opening is HubOpening.Opened(var body))
        {
            (_download, _reader) = (body, new SnapshotReader());
            ReadOn(opened.Flight);
            return;
        }

        _flight = null;
        switch (HubAnswers.NoSnapshot(((HubOpening.Said)opened.Opening).Reply))
        {
            case HubResult<Nothing>.Refused { Code: HubCodes.NotFound } when _course.Place is { Position: 0, KnownHead: null }:
                Ask(new SkipSnapshot(number, _binding!, self), place => (_begun, _course) = (false, _course.SnapshotTaken(place)));
                break;
            case HubResult<Nothing>.Refused { Code: HubCodes.NotFound }:
                Fail(PullErrors.NoSnapshot);
                break;
            case var refused:
                Refused(opened.Flight, refused);
                break;
        }

        Advance();
    }

    public void Piece(SnapshotPiece piece)
    {
        if (!ReferenceEquals(piece.Flight, _flight) || _reader is not { } reader)
        {
            return;
        }

        var fault = piece.Piece switch
        {
            HubPiece.Data(var bytes) => reader.Feed(bytes.Span, final: false),
            HubPiece.End => reader.Feed(default, final: true),
            _ => null,
        };
        if (piece.Piece is HubPiece.Failed(var failure))
        {
            Failed(failure);
        }
        else if (fault is not null)
        {
            Fail(PullErrors.Snapshot(fault));
        }

        if (_ending is not null)
        {
            CutOff();
            Advance();
        }
        else if (reader.Waiting >= RowsAtOnce || reader.End is not null)
        {
            _took = true;
            Merge(piece.Flight, reader);
        }
        else
        {
            ReadOn(piece.Flight);
        }
    }

    private void Open(HubCall call, PullFlight flight)
    {
        _flight = flight;
        _ = setup
            .Hub.OpenAsync(call, flight.Token)
            .PipeTo(self, success: opening => new SnapshotOpened(flight, opening), failure: error => new PullThrew(flight, error));
    }

    private void ReadOn(PullFlight flight) =>
        _ = _download!
            .ReadAsync()
            .PipeTo(self, success: piece => new SnapshotPiece(flight, piece), failure: error => new PullThrew(flight, error));

    private void Merge(PullFlight flight, SnapshotReader reader)
    {
        var end = reader.End;
        Ask(
            new MergeSnapshot(number, _binding!, [.. reader.Take()], end, self),
            place =>
            {
                if (end is null)
                {
                    ReadOn(flight);
                    return;
                }

                _flight = null;
                flight.Dispose();
                CloseDownload();
                _begun = false;
                _course = _course.SnapshotTaken(place);
                Totals = Totals with { Snapshots = Totals.Snapshots + 1 };
            }
        );
    }

    private void CloseDownload()
    {
        _download?.Dispose();
        _reader?.Dispose();
        (_download, _reader) = (null, null);
    }
}
