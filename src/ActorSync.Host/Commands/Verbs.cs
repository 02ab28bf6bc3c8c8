namespace ActorSync.Host.Commands;

/// <summary>Every verb and how it is built; in the order that help lists them.</summary>
internal static class Verbs
{
    public static readonly OrderedDictionary<string, Func<VerbCommand>> All = new(StringComparer.Ordinal)
    {
        ["demo"] = DemoCommand.Create,
        ["run"] = RunCommand.Create,
        ["hub"] = HubCommand.Create,
        ["enqueue"] = EnqueueCommand.Create,
        ["import"] = ImportCommand.Create,
        ["status"] = StatusCommand.Create,
        ["drain"] = DrainCommand.Create,
        ["queue"] = QueueCommand.Create,
        ["dead"] = DeadCommand.Create,
        ["explain"] = ExplainCommand.Create,
        ["pair"] = PairCommand.Create,
        ["sign-in"] = SignInCommand.Create,
        ["token"] = TokenCommand.Create,
        ["sign-out"] = SignOutCommand.Create,
        ["unpair"] = UnpairCommand.Create,
        ["mode"] = ModeCommand.Create,
        ["preset"] = PresetCommand.Create,
        ["config"] = ConfigCommand.Create,
        ["get"] = GetCommand.Create,
        ["digest"] = DigestCommand.Create,
        ["conflicts"] = ConflictsCommand.Create,
        ["hangar"] = HangarCommand.Create,
        ["profile"] = ProfileCommand.Create,
        ["logs"] = LogsCommand.Create,
        ["log-level"] = LogLevelCommand.Create,
        ["actors"] = ActorsCommand.Create,
        ["reconcile"] = ReconcileCommand.Create,
        ["doctor"] = DoctorCommand.Create,
        ["conformance"] = ConformanceCommand.Create,
        ["bench"] = BenchCommand.Create,
    };
}
