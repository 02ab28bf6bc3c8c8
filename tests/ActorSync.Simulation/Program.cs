using ActorSync.Simulation;

// --seed N            plays one world and shows it; --trace shows every event of it
// --worlds N [--from N] [--threads N]   plays many
// --images N          power cuts over the journal
// --prove             plants each fault and says which judge missed it
return new Arguments(args).Run();
