using Xunit;

namespace ActorSync.Tests;

/// <summary>For tests that look at the whole process or at the clock on the wall: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
