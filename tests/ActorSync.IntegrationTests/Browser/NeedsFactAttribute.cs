using Xunit;

namespace ActorSync.IntegrationTests.Browser;

/// <summary>A test that needs a program which not every machine has; without it the test is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(string path)
    {
        if (!File.Exists(path))
        {
            Skip = $"NOT RUN: {path} is not on this machine";
        }
    }
}
