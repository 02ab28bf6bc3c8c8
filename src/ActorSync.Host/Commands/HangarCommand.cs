using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using ActorSync.Status;

namespace ActorSync.Host.Commands;

internal static class HangarCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static VerbCommand Create() =>
        new(
            "hangar",
            "The snapshot of a side collection; its source is host.hangar.source in actorsync.conf",
            "actorsync hangar push",
            "actorsync hangar status"
        )
        {
            Push(),
            Status(),
        };

    private static VerbCommand Push() =>
        new VerbCommand(
            "push",
            "Takes a snapshot now and pushes it, unless the hub has it",
            "actorsync hangar push",
            "actorsync hangar push --json"
        ).Runs(async call =>
        {
            await using var door = await call.OpenAsync(Need.Sending);
            var outcome = await door.AskAsync(Calls.PushHangar, Empty.Value, call.Stop);
            if (call.Json)
            {
                call.Document(outcome, HostJson.Default.HangarOutcome);
            }
            else
            {
                call.Line(
                    outcome.Outcome == HangarOutcome.Pushed
                        ? $"pushed {Plain.Count(outcome.Items)} items, {Plain.Bytes(outcome.Bytes)}"
                        : $"{outcome.Outcome} ({outcome.Reason}): {outcome.Text}"
                );
                call.Line($"next look {Plain.Time(outcome.NextAt)}");
            }

            return ExitCodes.OfHangar(outcome);
        });

    private static VerbCommand Status() =>
        new VerbCommand("status", "When it was pushed last, what went wrong, when it is next", "actorsync hangar status --json").Runs(
            async call =>
            {
                await using var door = await call.OpenAsync();
                var view = await LookAsync(call, door);
                if (call.Json)
                {
                    call.Document(view, HostJson.Default.HangarView);
                }
                else
                {
                    call.Line($"{view.State}; last success {Plain.Time(view.LastSuccessAt)}, next look {Plain.Time(view.NextAt)}");
                    call.Line(
                        $"{Plain.Count(view.Pushes)} pushed, {Plain.Count(view.Skips)} left out, {Plain.Count(view.Failures)} failed"
                    );
                    if (view.LastSkip is { } skip)
                    {
                        call.Line($"left out last time: {skip}");
                    }

                    if (view.LastError is { } error)
                    {
                        call.Line($"last error: {error}");
                    }
                }

                return ExitCodes.Done;
            }
        );

    // A runtime of our own may be asked before its hangar has read what was pushed last.
    private static async Task<HangarView> LookAsync(VerbCall call, IDoor door)
    {
        var started = call.Io.Time.GetTimestamp();
        while (true)
        {
            var view = (await door.AskAsync(Calls.Status, Empty.Value, call.Stop)).Hangar;
            if (view.State != "starting" || call.Io.Time.GetElapsedTime(started) > Patience)
            {
                return view;
            }

            await Task.Delay(LookEvery, call.Io.Time, call.Stop);
        }
    }
}
