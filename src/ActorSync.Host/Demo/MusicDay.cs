using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace ActorSync.Host.Demo;

/// <summary>A day of edits in somebody's music library, as NDJSON: a scan finds albums in the morning, then people play, rate, and tidy up.</summary>
/// <remarks>The same seed gives the same bytes.</remarks>
internal sealed class MusicDay
{
    private const int Albums = 60;
    private const int Playlists = 24;
    private const int Acts = 3600;

    private static readonly string[] Adjectives =
    [
        "Quiet",
        "Electric",
        "Northern",
        "Paper",
        "Golden",
        "Broken",
        "Second",
        "Hollow",
        "Velvet",
        "Distant",
        "Öde",
        "Blue",
    ];

    private static readonly string[] Nouns =
    [
        "Harbour",
        "Letters",
        "Machines",
        "Gardens",
        "Winter",
        "Signals",
        "Rivers",
        "Rooms",
        "Engines",
        "Mirrors",
        "Années",
        "Lanterns",
    ];

    private readonly List<string> _tracks = [];
    private readonly List<string> _playlists = [];
    private readonly List<(string Playlist, string Item)> _items = [];
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json;
    private readonly Stream _output;
    private SplitMix _chance;
    private DateTimeOffset _now = new(2026, 5, 9, 6, 30, 0, TimeSpan.Zero);
    private int _made;

    private MusicDay(ulong seed, Stream output) => (_chance, _output, _json) = (new SplitMix(seed), output, new Utf8JsonWriter(_buffer));

    /// <summary>Writes the day and gives how many operations it has.</summary>
    public static int Write(ulong seed, Stream output)
    {
        var day = new MusicDay(seed, output);
        day.Scan();
        for (var i = 0; i < Playlists; i++)
        {
            day.NewPlaylist();
        }

        for (var i = 0; i < Acts; i++)
        {
            day.Act();
        }

        return day._made;
    }

    private void Scan()
    {
        for (var album = 0; album < Albums; album++)
        {
            var (artist, title) = (Title(), Title());
            var tracks = 8 + _chance.Below(7);
            for (var number = 1; number <= tracks; number++)
            {
                var id = $"track-{album:000}-{number:00}";
                _tracks.Add(id);
                Begin("track", id, "insert", lane: "bulk");
                Object(("title", Title()), ("artist", artist), ("album", title));
                _json.WriteNumber("number", number);
                _json.WriteNumber("seconds", 90 + _chance.Below(420));
                _json.WriteEndObject();
                End();
            }
        }
    }

    private void Act()
    {
        _now = _now.AddSeconds(1 + _chance.Below(28));
        switch (_chance.Below(100))
        {
            case < 52:
                Play();
                break;
            case < 70:
                Rate();
                break;
            case < 86:
                AddItem();
                break;
            case < 91:
                RemoveItem();
                break;
            case < 95:
                Rename();
                break;
            case < 97:
                NewPlaylist();
                break;
            case < 98:
                DropPlaylist();
                break;
            default:
                DropTrack();
                break;
        }
    }

    private void Play()
    {
        Begin("play", $"play-{_made:00000}", "insert", lane: "bulk");
        Object(("track", Any(_tracks)), ("at", Stamp()));
        _json.WriteEndObject();
        End();
    }

    private void Rate()
    {
        Begin("track", Any(_tracks), "set", lane: "priority", field: "rating");
        _json.WriteNumber("payload", 1 + _chance.Below(5));
        End();
    }

    private void NewPlaylist()
    {
        var id = $"playlist-{_made:00000}";
        _playlists.Add(id);
        Begin("playlist", id, "insert", lane: "priority");
        Object(("name", Title()), ("created", Stamp()));
        _json.WriteEndObject();
        End();
    }

    private void Rename()
    {
        Begin("playlist", Any(_playlists), "set", lane: "priority", field: "name");
        _json.WriteString("payload", Title());
        End();
    }

    private void AddItem()
    {
        var (playlist, item) = (Any(_playlists), $"item-{_made:00000}");
        _items.Add((playlist, item));
        Begin("playlist_item", item, "insert", lane: "priority");
        Object(("playlist", playlist), ("track", Any(_tracks)));
        _json.WriteEndObject();
        End();
    }

    private void RemoveItem()
    {
        if (_items.Count > 0)
        {
            var at = _chance.Below(_items.Count);
            Delete("playlist_item", _items[at].Item);
            _items.RemoveAt(at);
        }
    }

    // A playlist goes with what is in it.
    private void DropPlaylist()
    {
        if (_playlists.Count < 2)
        {
            return;
        }

        var at = _chance.Below(_playlists.Count);
        var gone = _playlists[at];
        _playlists.RemoveAt(at);
        foreach (var (_, item) in _items.Where(i => i.Playlist == gone))
        {
            Delete("playlist_item", item);
        }

        _items.RemoveAll(i => i.Playlist == gone);
        Delete("playlist", gone);
    }

    private void DropTrack()
    {
        var at = _chance.Below(_tracks.Count);
        Delete("track", _tracks[at]);
        _tracks.RemoveAt(at);
    }

    private void Delete(string entity, string id)
    {
        Begin(entity, id, "delete", lane: "priority");
        End();
    }

    private void Begin(string entity, string id, string op, string lane, string? field = null)
    {
        _json.WriteStartObject();
        _json.WriteString("entity", entity);
        _json.WriteString("entity_id", id);
        _json.WriteString("op", op);
        _json.WriteString("lane", lane);
        if (field is not null)
        {
            _json.WriteString("field", field);
        }
    }

    private void Object(params ReadOnlySpan<(string Name, string Value)> texts)
    {
        _json.WriteStartObject("payload");
        foreach (var (name, value) in texts)
        {
            _json.WriteString(name, value);
        }
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
        _output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
        _json.Reset();
        _made++;
    }

    private string Any(List<string> from) => from[_chance.Below(from.Count)];

    private string Title() => $"{Adjectives[_chance.Below(Adjectives.Length)]} {Nouns[_chance.Below(Nouns.Length)]}";

    private string Stamp() => _now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
