using System.Text.Json;
using ActorSync.Benchmarks;
using ActorSync.Host.Bench;

// The journal beside two ways that apps do it today, in one run: 64 callers who each await one durable operation before the next.
// usage: [--seconds N] [--rounds N]      JSON on stdout
SQLitePCL.Batteries_V2.Init();
var slice = TimeSpan.FromSeconds(Option("--seconds", 3));
var rounds = (int)Option("--rounds", 3);
var comparison = await new Comparison(TimeProvider.System, slice, rounds).RunAsync(callers: 64);
Console.WriteLine(JsonSerializer.Serialize(comparison, BenchJson.Default.BenchReport));
return comparison.Rows.TrueForAll(row => row.Ratio >= row.Gate) ? 0 : 1;

double Option(string name, double otherwise)
{
    var at = Array.IndexOf(args, name);
    return at < 0 ? otherwise : double.Parse(args[at + 1], System.Globalization.CultureInfo.InvariantCulture);
}
