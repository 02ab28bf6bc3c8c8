using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Dispatch;

namespace ActorSync.TestKit;

/// <summary>What happened, in order: a digest of everything and the last lines in words.</summary>
public sealed class Trace
{
    private const ulong FnvPrime = 1099511628211;
    private const int Kept = 200;

    private readonly Queue<(long Ticks, string Line)> _lines = new();
    private readonly ConditionalWeakTable<Mailbox, StrongBox<ulong>> _names = [];
    private ulong _digest = 14695981039346656037;
    private long _ticks;

    /// <summary>16 hex digits over every step, timer and line so far.</summary>
    public string Digest => _digest.ToString("X16");

    /// <summary>How many lines were added, kept or not.</summary>
    public long Events { get; private set; }

    /// <summary>Where each line goes as it is added; null for nowhere.</summary>
    public Action<string>? Echo { get; set; }

    /// <summary>Adds a line. Its text must be decided by the seed: no real time, no addresses, no hash order.</summary>
    public void Add(string line)
    {
        Events++;
        Mix(Hash(line));
        _lines.Enqueue((_ticks, line));
        if (_lines.Count > Kept)
        {
            _lines.Dequeue();
        }

        Echo?.Invoke(Format(_ticks, line));
    }

    /// <summary>The last lines, oldest first.</summary>
    public IEnumerable<string> Last(int count) => _lines.Skip(Math.Max(0, _lines.Count - count)).Select(x => Format(x.Ticks, x.Line));

    internal void Timer(long ticks)
    {
        _ticks = ticks;
        Mix((ulong)ticks);
    }

    internal void Step(long ticks, int node, IRunnable work)
    {
        _ticks = ticks;
        Mix((ulong)ticks ^ ((ulong)node << 56));
        if (work is Mailbox mailbox)
        {
            Mix(_names.GetValue(mailbox, static m => new StrongBox<ulong>(Hash(NameOf(m)))).Value);
        }
    }

    // Akka numbers some of its own actors with a counter of the process.
    private static string NameOf(Mailbox mailbox) =>
        ActorOf(mailbox)?.Self.Path.ToStringWithoutAddress() is { } path
            ? path.StartsWith("/system/", StringComparison.Ordinal)
                ? "/system"
                : path
            : "";

    private static string Format(long ticks, string line) => $"{TimeSpan.FromTicks(ticks).TotalSeconds, 12:F6} s  {line}";

    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037;
        foreach (var c in text)
        {
            hash = (hash ^ c) * FnvPrime;
        }

        return hash;
    }

    private void Mix(ulong value) => _digest = (ulong.RotateLeft(_digest, 23) ^ value) * FnvPrime;

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Actor")]
    private static extern ActorCell ActorOf(Mailbox mailbox);
}
