using ActorSync.Host;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;

PrivateFiles.Make();
using var signals = new StopSignals();
return await Cli.RunAsync(args, HostIo.Console(signals));
