namespace ActorSync.Tests.Auth;

/// <summary>A folder of its own, removed afterwards.</summary>
public sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-auth-");

    public string Root => _folder.FullName;

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
