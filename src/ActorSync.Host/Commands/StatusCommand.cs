using System.CommandLine;
using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using ActorSync.Status;
using Spectre.Console;

namespace ActorSync.Host.Commands;

internal static class StatusCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static VerbCommand Create()
    {
        var watch = new Option<bool>("--watch") { Description = "Again each second, until Ctrl+C" };
        return new VerbCommand(
            "status",
            "Health by lane with reason and next try, queue, clock, receipt",
            "actorsync status",
            "actorsync status --json",
            "actorsync status --watch --json"
        )
        {
            watch,
        }.Runs(call => RunAsync(call, call.Get(watch)));
    }

    private static async Task<int> RunAsync(VerbCall call, bool watch)
    {
        await using var door = await call.OpenAsync();
        while (true)
        {
            var status = await door.AskAsync(Calls.Status, Empty.Value, call.Stop);
            status = status with { Running = door.IsHost };
            if (call.Json)
            {
                call.Document(status, HostJson.Default.StatusSnapshot);
            }
            else
            {
                Show(call, status, clear: watch);
                if (door is ControlDoor host && call.GivenProfile is null)
                {
                    await ShowOthersAsync(call, host, status.Profile);
                }
            }

            if (!watch)
            {
                return ExitCodes.Done;
            }

            await Task.Delay(Interval, call.Io.Time, call.Stop);
        }
    }

    private static async Task ShowOthersAsync(VerbCall call, ControlDoor host, string shown)
    {
        var all = await host.AskAsync(HostCalls.Profiles, Empty.Value, call.Stop);
        foreach (var other in all.Profiles.Where(other => other.Name != shown))
        {
            var state = other.Running ? $"{other.State}{Because(other.Reason)}   {other.Pending} pending" : "not running";
            call.Line($"beside    {other.Name}   {state}   (status --profile {other.Name})");
        }
    }

    private static void Show(VerbCall call, StatusSnapshot s, bool clear)
    {
        var people = call.Io.ForPeople();
        if (clear && call.Io.OutIsTerminal)
        {
            people.Clear();
        }

        var (queue, drain) = (s.Queue, s.Drain);
        people.WriteLine(
            Plain.Text($"profile   {s.Profile}   device {s.DeviceId}   mode {s.Mode}   {(s.Running ? "host running" : "no host")}")
        );
        people.WriteLine(
            Plain.Text($"hub       {s.Hub ?? "-"}   {s.Auth.State}{Because(s.Auth.Reason)}   account {s.Auth.Account ?? "-"}")
        );
        people.WriteLine(Plain.Text($"health    {s.Health.State}{Because(s.Health.Reason)}   since {Plain.Time(s.Health.Since)}"));
        var lanes = new Table().Border(TableBorder.Simple).AddColumns("lane", "state", "reason", "since", "next try");
        foreach (var (name, lane) in s.Health.Lanes)
        {
            lanes.AddRow(
                new Text(name),
                new Text(lane.State, new Style(Colour(lane.State))),
                new Text(Plain.Text(lane.Reason)),
                new Text(Plain.Time(lane.Since)),
                new Text(Plain.Time(lane.NextRetry))
            );
        }

        people.Write(lanes);
        people.WriteLine(
            $"queue     {Plain.Count(queue.Pending)} pending ({Plain.Bytes(queue.Bytes)}), {Plain.Count(queue.Parked)} parked, {Plain.Count(queue.Dead)} dead, limit {Plain.Count(queue.Limit)}{Oldest(queue)}"
        );
        people.WriteLine(
            $"drain     {Plain.Count(drain.Accepted)} accepted, {Plain.Count(drain.Duplicate)} duplicate, {Plain.Count(drain.Rejected)} rejected in {Plain.Count(drain.Batches)} batches; last success {Plain.Time(drain.LastSuccessAt)}"
        );
        if (drain.LastError is { } error)
        {
            people.WriteLine(Plain.Text($"          last error: {error}"));
        }

        if (s.Hangar is { State: not "no_source" } hangar)
        {
            people.WriteLine(
                $"hangar    {hangar.State}; last success {Plain.Time(hangar.LastSuccessAt)}, next look {Plain.Time(hangar.NextAt)}"
            );
            if (hangar.LastError is { } refused)
            {
                people.WriteLine(Plain.Text($"          last error: {refused}"));
            }
        }

        people.WriteLine(
            $"clock     {s.Clock.Lamport}   receipt {s.Receipt.HighestLamport} at {Plain.Time(s.Receipt.At)}   cursor {s.Cursor.Position} of {s.Cursor.Head}   lan {s.Lan.State}"
        );
    }

    private static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $" ({reason})";

    private static string Oldest(QueueView queue) => queue.OldestAgeSeconds is { } age ? $", oldest {age:0} s" : "";

    private static Color Colour(string state) =>
        state switch
        {
            "OK" => Color.Green,
            "ERR" => Color.Red,
            "STALE" or "PAUSED" => Color.Yellow,
            _ => Color.Default,
        };
}
