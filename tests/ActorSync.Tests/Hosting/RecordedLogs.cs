using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ActorSync.Tests.Hosting;

internal sealed record RecordedLine(
    string Category,
    LogLevel Level,
    string Text,
    Exception? Error,
    IReadOnlyDictionary<string, object?> Properties
);

/// <summary>An app's logging that keeps every line with what its scopes carried.</summary>
internal sealed class RecordedLogs(LogLevel level) : ILoggerFactory, IExternalScopeProvider
{
    private readonly LoggerExternalScopeProvider _scopes = new();
    private readonly ConcurrentQueue<RecordedLine> _lines = new();
    private readonly ConcurrentQueue<(Func<RecordedLine, bool> Wanted, TaskCompletionSource<RecordedLine> Found)> _waiting = new();

    public IReadOnlyCollection<RecordedLine> Lines => _lines;

    /// <summary>This category takes everything.</summary>
    public string? Verbose { get; init; }

    /// <summary>Each line costs a little, so that a mailbox fills before it.</summary>
    public bool Slow { get; init; }

    public Task<RecordedLine> FirstAsync(Func<RecordedLine, bool> wanted)
    {
        var found = new TaskCompletionSource<RecordedLine>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((wanted, found));
        foreach (var line in _lines.Where(wanted))
        {
            _ = found.TrySetResult(line);
        }

        return found.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void ForEachScope<TState>(Action<object?, TState> callback, TState state) => _scopes.ForEachScope(callback, state);

    public IDisposable Push(object? state) => _scopes.Push(state);

    public void Dispose() { }

    private void Add(RecordedLine line)
    {
        if (Slow)
        {
            Thread.SpinWait(5_000);
        }

        _lines.Enqueue(line);
        foreach (var (wanted, found) in _waiting)
        {
            if (wanted(line))
            {
                _ = found.TrySetResult(line);
            }
        }
    }

    private sealed class Logger(RecordedLogs owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => owner.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner.Level || category == owner.Verbose;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var properties = new Dictionary<string, object?>(StringComparer.Ordinal);
            owner.ForEachScope(static (scope, all) => Take(scope, all), properties);
            Take(state, properties);
            owner.Add(new RecordedLine(category, logLevel, formatter(state, exception), exception, properties));
        }

        private static void Take(object? from, Dictionary<string, object?> into)
        {
            foreach (var (key, value) in from as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                into[key] = value;
            }
        }
    }

    private LogLevel Level { get; } = level;
}

/// <summary>Those that look at the process's standard output take turns.</summary>
internal static class StandardOutput
{
    public const string Collection = "standard output";
}
