using System.Text;
using ActorSync.Host.Service;
using Spectre.Console;

namespace ActorSync.Host.Terminal;

/// <summary>The edges of the process: what a verb reads, writes and asks of its surroundings. Tests hand in their own.</summary>
internal sealed record HostIo
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opened only by a verb that reads it.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Asks the verb to end cleanly.</summary>
    public required CancellationToken Stop { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public static HostIo Console(StopSignals signals) =>
        new()
        {
            Out = Writer(System.Console.OpenStandardOutput()),
            Error = Writer(System.Console.OpenStandardError()),
            OpenInput = System.Console.OpenStandardInput,
            Stop = signals.Token,
            OutIsTerminal = !System.Console.IsOutputRedirected,
            ErrorIsTerminal = !System.Console.IsErrorRedirected,
        };

    /// <summary>Tables and bars for people. No escape sequence leaves when the stream is no terminal, no colour when <c>NO_COLOR</c> is set.</summary>
    public IAnsiConsole ForPeople(bool onError = false)
    {
        var terminal = (onError ? ErrorIsTerminal : OutIsTerminal) && Variable("TERM") != "dumb";
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = terminal ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem =
                    terminal && string.IsNullOrEmpty(Variable("NO_COLOR")) ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
                Interactive = terminal ? InteractionSupport.Yes : InteractionSupport.No,
                Out = new AnsiConsoleOutput(onError ? Error : Out),
            }
        );
        if (!terminal)
        {
            // A pipe has no width; a table in it is not to be folded.
            console.Profile.Width = 240;
        }

        return console;
    }

    private static StreamWriter Writer(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
