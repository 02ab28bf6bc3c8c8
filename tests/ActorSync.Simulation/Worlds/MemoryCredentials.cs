using ActorSync.Auth;

namespace ActorSync.Simulation.Worlds;

/// <summary>A credential file of a device: each save is durable at once, and it outlives the process.</summary>
internal sealed class MemoryCredentials : ICredentialStore
{
    private StoredCredential _stored = StoredCredential.Nothing;

    public StoredCredential Load() => _stored;

    public void Save(StoredCredential credential) => _stored = credential;
}
