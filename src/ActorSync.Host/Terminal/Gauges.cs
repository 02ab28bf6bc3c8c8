using System.Collections.Immutable;
using Spectre.Console;

namespace ActorSync.Host.Terminal;

/// <param name="Share">0 to 1; null when the end is not known.</param>
/// <param name="Note">Counts and rates.</param>
internal readonly record struct Gauge(string Name, double? Share, string Note);

/// <summary>Shows how far a piece of work is, on stderr: bars on a terminal, a line now and then elsewhere.</summary>
internal static class Gauges
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(2);

    /// <summary>Paints until the work is over, and gives what came of it.</summary>
    public static async Task<T> ShowAsync<T>(HostIo io, Task<T> work, Func<ImmutableArray<Gauge>> read)
    {
        if (io.ErrorIsTerminal)
        {
            await BarsAsync(io, work, read);
        }
        else
        {
            await LinesAsync(io, work, read);
        }

        return await work;
    }

    private static async Task BarsAsync(HostIo io, Task work, Func<ImmutableArray<Gauge>> read)
    {
        await io.ForPeople(onError: true)
            .Progress()
            .AutoRefresh(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn())
            .StartAsync(async paint =>
            {
                var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
                while (true)
                {
                    foreach (var gauge in read())
                    {
                        if (!bars.TryGetValue(gauge.Name, out var bar))
                        {
                            bars.Add(gauge.Name, bar = paint.AddTask(gauge.Name, maxValue: 1));
                        }

                        bar.Description = Markup.Escape(Plain.Text($"{gauge.Name, -14} {gauge.Note, -44}"));
                        bar.IsIndeterminate = gauge.Share is null;
                        bar.Value = gauge.Share ?? 0;
                    }

                    paint.Refresh();
                    if (work.IsCompleted)
                    {
                        return;
                    }

                    await Task.WhenAny(work, Task.Delay(Frame, io.Time, CancellationToken.None));
                }
            });
    }

    private static async Task LinesAsync(HostIo io, Task work, Func<ImmutableArray<Gauge>> read)
    {
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(LineEvery, io.Time, CancellationToken.None));
            foreach (var gauge in read())
            {
                io.Error.WriteLine(Plain.Text($"{gauge.Name}: {gauge.Note}{(gauge.Share is { } share ? $" ({share:P0})" : "")}"));
            }
        }
    }
}
