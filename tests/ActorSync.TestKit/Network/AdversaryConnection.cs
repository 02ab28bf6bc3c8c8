using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ActorSync.TestKit.Network;

/// <summary>One connection in the hands of a script.</summary>
public sealed class AdversaryConnection(Socket socket, Stream stream, ConcurrentQueue<AdversaryRequest> requests, CancellationToken stop)
{
    private readonly List<byte> _unread = [];

    /// <summary>Head and body by Content-Length; null when the other side has ended.</summary>
    public async Task<AdversaryRequest?> ReadRequestAsync()
    {
        int end;
        while ((end = EndOfHead()) < 0)
        {
            if (!await FillAsync())
            {
                return null;
            }
        }

        var head = Encoding.Latin1.GetString(_unread.ToArray(), 0, end);
        var request = new AdversaryRequest(head, []);
        var length = int.Parse(request.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture);
        while (_unread.Count < end + 4 + length)
        {
            if (!await FillAsync())
            {
                return null;
            }
        }

        request = request with { Body = [.. _unread.Skip(end + 4).Take(length)] };
        _unread.RemoveRange(0, end + 4 + length);
        requests.Enqueue(request);
        return request;
    }

    /// <summary>Reads until the head is there, and no further than it must.</summary>
    public async Task ReadHeadAsync()
    {
        while (EndOfHead() < 0 && await FillAsync()) { }
    }

    /// <summary>Reads whatever comes first; false at the end.</summary>
    public Task<bool> ReadAnyAsync() => FillAsync();

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, stop);
        await stream.FlushAsync(stop);
    }

    /// <summary>An answer with a body of the media type, and whatever header lines are given (each with its line end).</summary>
    public Task AnswerAsync(string status, string mediaType, string body, string headers = "") =>
        WriteAsync(Answer(status, mediaType, body, headers));

    public static string Answer(string status, string mediaType, string body, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: {mediaType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}";

    /// <summary>Writes the pieces one by one, with a pause after each, until they or the connection end.</summary>
    public async Task DripAsync(IEnumerable<string> pieces, TimeSpan pause)
    {
        using var timer = new PeriodicTimer(pause);
        foreach (var piece in pieces)
        {
            await WriteAsync(piece);
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <summary>Sends a RST, whatever lies unread.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    /// <summary>Does nothing until the server stops: silent, and open.</summary>
    public Task HoldAsync() => Task.Delay(Timeout.Infinite, stop);

    private int EndOfHead() => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_unread).IndexOf("\r\n\r\n"u8);

    private async Task<bool> FillAsync()
    {
        var buffer = new byte[16 << 10];
        var read = await stream.ReadAsync(buffer, stop);
        _unread.AddRange(buffer.AsSpan(0, read));
        return read > 0;
    }
}
