using ActorSync.Auth;

namespace ActorSync.TestKit;

/// <summary>A credential store without a disk, which can be told to misbehave. Outlives the actors and nodes that use it, as a disk does.</summary>
internal sealed class MemoryCredentialStore : ICredentialStore
{
    /// <summary>What is on the disk.</summary>
    public StoredCredential Content { get; set; } = StoredCredential.Nothing;

    /// <summary>How often something was stored.</summary>
    public int Saves { get; private set; }

    /// <summary>Called before the disk takes it; may throw.</summary>
    public Action<StoredCredential> Saving { get; set; } = static _ => { };

    /// <summary>Called when the disk has it; may throw.</summary>
    public Action<StoredCredential> Saved { get; set; } = static _ => { };

    /// <summary>Called before it is read; may throw.</summary>
    public Action Loading { get; set; } = static () => { };

    public StoredCredential Load()
    {
        Loading();
        return Content;
    }

    public void Save(StoredCredential credential)
    {
        Saving(credential);
        Content = credential;
        Saves++;
        Saved(credential);
    }
}
