using ActorSync;
using ActorSync.Journal;
using ActorSync.KillWriter;
using Akka.Actor;
using Akka.Configuration;

// A process that works on a journal until somebody kills it, and says what it was told, line by line, as soon as it was told it.
// Arguments: the journal's path, what to do (enqueue, drain, shift), a seed.
var (path, what, seed) = (args[0], args[1], int.Parse(args[2]));
var report = new Report();
report.Line("starting");

var config = ConfigurationFactory
    .ParseString("akka { loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off }")
    .WithFallback(Reference());
var system = ActorSystem.Create("killed", config);
var settings = new JournalSettings(10_000_000, 0, 4 << 20, 200, 4096, 0.25, 200, 1_000);
var port = new JournalPort();
system.ActorOf(Props.Create(() => new Owner(path, settings, port, report, what, seed)), "owner");
await system.WhenTerminated;
return 3;

static Config Reference()
{
    using var stream = typeof(ActorSync.SyncRuntime).Assembly.GetManifestResourceStream("ActorSync.reference.conf")!;
    return ConfigurationFactory.ParseString(new StreamReader(stream).ReadToEnd());
}
