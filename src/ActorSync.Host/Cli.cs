using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ActorSync.Host.Commands;
using ActorSync.Host.Terminal;

namespace ActorSync.Host;

/// <summary>From arguments to an exit code.</summary>
internal static class Cli
{
    public static async Task<int> RunAsync(string[] args, HostIo io)
    {
        var json = args.Contains("--json");
        try
        {
            var parsed = Root(args).Parse(args);
            if (parsed.Errors.Count > 0 && parsed.Action is not (HelpAction or VerbHelp))
            {
                var verb = parsed.CommandResult.Command is RootCommand ? "" : $"{PathOf(parsed.CommandResult.Command)} ";
                throw new SyncException("usage", Wrong(parsed), $"see 'actorsync {verb}--help'");
            }

            var invocation = new HostInvocation(io) { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, io.Stop);
        }
        catch (SyncException failure)
        {
            Report.Failure(io, json, failure);
            return ExitCodes.Of(failure);
        }
        catch (OperationCanceledException) when (io.Stop.IsCancellationRequested)
        {
            var interrupted = new SyncException("interrupted", "interrupted", "run the command again to go on");
            Report.Failure(io, json, interrupted);
            return ExitCodes.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var unreadable = new SyncException("io_error", failure.Message, "check the file, its permissions and the disk", failure);
            Report.Failure(io, json, unreadable);
            return ExitCodes.Failed;
        }
        catch (Exception failure)
        {
            // A fault of ours: the caller gets a document and a code all the same, and whoever mends it gets the trace.
            io.Error.WriteLine(failure);
            Report.Failure(io, json, new SyncException("unexpected", failure.Message, "report this with the lines above", failure));
            return ExitCodes.Failed;
        }
    }

    /// <summary>Only what is asked for is built; every verb when none is, so that help can list them.</summary>
    public static RootCommand Root(string[] args)
    {
        var root = new RootCommand("Ships every local change to its hub exactly once, and says what it does.");
        root.Options.Add(
            new Option<string?>("--data")
            {
                Description =
                    "The folder of journals, credentials and logs. Default: the platform's application data + actorsync; or ACTORSYNC_DATA",
                HelpName = "DIR",
                Recursive = true,
            }
        );
        root.Options.Add(
            new Option<string?>("--profile")
            {
                Description = "Which account binding; without it the default one: see 'actorsync profile'",
                HelpName = "NAME",
                Recursive = true,
            }
        );
        root.Options.Add(
            new Option<string?>("--control")
            {
                Description = "run: listen there too, for other machines. Other verbs: ask the host that listens there",
                HelpName = "URL",
                Recursive = true,
            }
        );
        root.Options.Add(
            new Option<string?>("--control-token")
            {
                Description = "The file with that host's token. Default: control.token in the data folder",
                HelpName = "FILE",
                Recursive = true,
            }
        );
        root.Options.Add(
            new Option<string?>("--control-ca")
            {
                Description = "PEM file that vouches for that host's certificate, when the system does not",
                HelpName = "FILE",
                Recursive = true,
            }
        );
        root.Options.Add(new Option<bool>("--json") { Description = "One JSON document on stdout and nothing else", Recursive = true });
        var asked = args.Any(Verbs.All.ContainsKey);
        foreach (var (name, create) in Verbs.All)
        {
            if (!asked || args.Contains(name))
            {
                root.Subcommands.Add(create());
            }
        }

        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help })
            {
                option.Action = new VerbHelp(help);
            }
        }

        return root;
    }

    // What was not understood says more than what is missing because of it.
    private static string Wrong(ParseResult parsed) =>
        parsed.UnmatchedTokens is [var stranger, ..] ? $"'{stranger}' is not understood" : parsed.Errors[0].Message;

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault(static p => p is not RootCommand) is { } parent
            ? $"{PathOf(parent)} {command.Name}"
            : command.Name;
}

/// <summary>The usual help, and the verb's examples under it.</summary>
internal sealed class VerbHelp(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is VerbCommand { Examples.Count: > 0 } verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine($"  {example}");
            }
        }

        return code;
    }
}
