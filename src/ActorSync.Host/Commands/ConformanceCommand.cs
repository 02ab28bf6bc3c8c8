using System.CommandLine;
using ActorSync.Host.Conformance;
using ActorSync.Platform;

namespace ActorSync.Host.Commands;

/// <summary>The published protocol against any hub.</summary>
internal static class ConformanceCommand
{
    private const int MostToken = 8 << 10;

    public static VerbCommand Create()
    {
        var url = new Option<string?>("--url")
        {
            Description = "The hub's address",
            HelpName = "URL",
            Required = true,
        };
        var token = Secret(
            "--token",
            "An access token, or - to read it from stdin; test data is written into its account, so give an account of its own"
        );
        token.Required = true;
        var second = Secret(
            "--second-token",
            "An access token of another device of the account; without it, one is paired if the hub lets it"
        );
        var other = Secret("--account-b-token", "An access token of another account, for what one account must not see of another");
        var code = new Option<string?>("--pairing-code") { Description = "A fresh code of the account; it is used up", HelpName = "CODE" };
        var refresh = Secret("--refresh-token", "A refresh token of the token's device; it is used up");
        var expired = Secret("--expired-token", "An access token that has expired");
        var disabled = Secret("--disabled-token", "An access token of an account that may not sync");
        var only = new Option<string[]>("--only")
        {
            Description = "Only the checks whose ids begin so; may be given more than once",
            HelpName = "ID",
            DefaultValueFactory = _ => [],
        };
        only.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !ConformanceRun.Select([t.Value]).Any()) is { } unknown)
            {
                result.AddError($"--only: no check's id begins with '{unknown.Value}'");
            }
        });
        return new VerbCommand(
            "conformance",
            "Runs the published wire protocol against any hub; it writes test data into the token's account",
            "actorsync conformance --url https://hub.example.com --token TOKEN",
            "actorsync conformance --url http://127.0.0.1:5080 --token TOKEN --account-b-token OTHER --json",
            "actorsync conformance --url http://127.0.0.1:5080 --token - --only push --only pull < token.txt"
        )
        {
            url,
            token,
            second,
            other,
            code,
            refresh,
            expired,
            disabled,
            only,
        }.Runs(async call =>
        {
            var input = new ConformanceInput(HubAddress.Parse("--url", call.Get(url)), await TokenAsync(call, token))
            {
                SecondToken = Given(call, second),
                OtherAccountToken = Given(call, other),
                PairingCode = Given(call, code),
                RefreshToken = Given(call, refresh),
                ExpiredToken = Given(call, expired),
                DisabledToken = Given(call, disabled),
                Only = call.Get(only) ?? [],
            };
            call.Say($"writing test data into the account of --token at {input.Hub}");
            var report = await ConformanceRun.RunAsync(input, call.Io.Time, new SystemChance(), Progress(call), call.Stop);
            Show(call, report);
            return report.Failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    private static Option<string?> Secret(string name, string description) => new(name) { Description = description, HelpName = "TOKEN" };

    // On a command line everybody on the machine can read it.
    private static async Task<string> TokenAsync(VerbCall call, Option<string?> option)
    {
        if (Given(call, option) is { } given and not "-")
        {
            return given;
        }

        using var input = new StreamReader(call.Io.OpenInput());
        return Checked(option, await input.ReadLineAsync(call.Stop) ?? "");
    }

    private static string? Given(VerbCall call, Option<string?> option) => call.Get(option) is { } text ? Checked(option, text) : null;

    private static string Checked(Option<string?> option, string text) =>
        text.Trim() is { Length: > 0 and <= MostToken } token && token.All(c => c is > ' ' and <= '~')
            ? token
            : throw Failures.Usage(option.Name, "is empty, too long, or has blanks or control characters");

    // As they come, so that a slow hub is seen to be slow; the document has them all in the end.
    private static Action<CheckResult>? Progress(VerbCall call) =>
        call.Json
            ? null
            : result =>
            {
                call.Line($"{result.Result, -8} {result.Id, -32} {result.Title}");
                if (result.Result == "failed")
                {
                    call.Line($"{"", -8} {result.Reason}");
                    call.Line($"{"", -8} rule: {result.Rule}");
                }
                else if (result.Reason is { } reason)
                {
                    call.Line($"{"", -8} {reason}");
                }
            };

    private static void Show(VerbCall call, ConformanceReport report)
    {
        if (call.Json)
        {
            call.Document(report, ConformanceJson.Default.ConformanceReport);
            return;
        }

        call.Line("");
        call.Line(
            $"{report.Hub} version {report.Version ?? "unknown"}, protocol {report.Protocol?.ToString() ?? "unknown"}: "
                + $"{report.Passed} passed, {report.Failed} failed, {report.Skipped} skipped"
        );
    }
}
