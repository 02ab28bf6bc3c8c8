using System.Text;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Sinks.File;

namespace ActorSync.Host.Service;

/// <summary>The host's log: stderr, and a file a day in the data folder that only its owner may read.</summary>
internal sealed class HostLog : IAsyncDisposable
{
    private const string Line = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {SourceContext} {Message:lj}{NewLine}{Exception}";
    private readonly Serilog.Core.Logger _logger;
    private readonly SerilogLoggerFactory _factory;

    private HostLog(Serilog.Core.Logger logger) => (_logger, _factory) = (logger, new SerilogLoggerFactory(logger));

    public ILoggerFactory Factory => _factory;

    /// <param name="console">The lowest level that stderr shows; the file takes what <c>host.log.level</c> says.</param>
    public static HostLog Start(DataFolder folder, LogEventLevel console)
    {
        var settings = HostSettings.Read(HostOptions.Layers(folder));
        var level = settings.LogLevel;
        DataFolder.CreatePrivate(folder.Logs);
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(level < console ? level : console)
            .WriteTo.Console(console, Line, standardErrorFromLevel: LogEventLevel.Verbose)
            .WriteTo.Async(
                to =>
                    to.File(
                        Path.Combine(folder.Logs, "actorsync-.log"),
                        level,
                        Line,
                        fileSizeLimitBytes: settings.LogFileBytes,
                        rollOnFileSizeLimit: true,
                        rollingInterval: RollingInterval.Day,
                        retainedFileCountLimit: settings.LogFiles,
                        hooks: new OwnerOnly()
                    ),
                bufferSize: 10_000
            )
            .CreateLogger();
        return new HostLog(logger);
    }

    public async ValueTask DisposeAsync()
    {
        _factory.Dispose();
        await _logger.DisposeAsync();
    }

    private sealed class OwnerOnly : FileLifecycleHooks
    {
        public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return underlyingStream;
        }
    }
}
