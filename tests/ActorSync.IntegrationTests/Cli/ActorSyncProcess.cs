using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>The built command line as a process of its own, as somebody would run it.</summary>
internal sealed partial class ActorSyncProcess : IAsyncDisposable
{
    public const int SigInt = 2;
    public const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private ActorSyncProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _out, _firstLine), ReadAsync(process.StandardError, _error, first: null));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Error
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    /// <summary>What it has said on stdout so far, whole lines.</summary>
    public string Out
    {
        get
        {
            lock (_out)
            {
                return _out.ToString();
            }
        }
    }

    public static ActorSyncProcess Start(
        IReadOnlyList<string> args,
        string? input = null,
        IReadOnlyDictionary<string, string>? variables = null
    )
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "actorsync.dll") },
        };
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in variables ?? ImmutableDictionary<string, string>.Empty)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet does not start");
        if (input is not null)
        {
            process.StandardInput.Write(input);
        }

        process.StandardInput.Close();
        return new ActorSyncProcess(process);
    }

    /// <summary>Runs to its end.</summary>
    public static async Task<CliRun> RunAsync(params string[] args)
    {
        await using var process = Start(args);
        return await process.EndAsync();
    }

    public static async Task<CliRun> RunWithInputAsync(string input, params string[] args)
    {
        await using var process = Start(args, input);
        return await process.EndAsync();
    }

    /// <summary>The first line of stdout: a host or hub that was asked for JSON says there that it is up.</summary>
    public async Task<JsonElement> UpAsync()
    {
        var first = await Task.WhenAny(_firstLine.Task, _process.WaitForExitAsync()).WaitAsync(Patience);
        if (first != _firstLine.Task && !_firstLine.Task.IsCompleted)
        {
            throw new InvalidOperationException($"ended with {_process.ExitCode} before it was up: {Error}");
        }

        using var document = JsonDocument.Parse(await _firstLine.Task);
        return document.RootElement.Clone();
    }

    public async Task<CliRun> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _reading.WaitAsync(Patience);
        return new CliRun(_process.ExitCode, _out.ToString(), Error);
    }

    /// <summary>Lets it run for this long, then kills it as a power switch would. False when it had ended by itself.</summary>
    public async Task<bool> KillAfterAsync(TimeSpan life)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(life);
            return false;
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            return true;
        }
    }

    public void Signal(int signal)
    {
        if (SendSignal(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"kill({_process.Id}, {signal}) failed");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
    }

    private static async Task ReadAsync(StreamReader reader, StringBuilder text, TaskCompletionSource<string>? first)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            first?.TrySetResult(line);
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>What a finished process left.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    /// <summary>Stdout is exactly one JSON document.</summary>
    public JsonElement Document
    {
        get
        {
            using var document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }
    }
}
