using ActorSync.Host;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;

using var signals = new StopSignals();
return await Cli.RunAsync(args, HostIo.Console(signals));
