using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Wire;

namespace ActorSync.Drain;

/// <summary>A push on its way.</summary>
/// <param name="rows">Which rows of the batch it carries.</param>
/// <param name="plainBytes">Length of the body before compression.</param>
internal sealed class Flight(int[] rows, Uri hub, CredentialGeneration generation, PressedBody body, int plainBytes) : Errand
{
    public int[] Rows => rows;

    public Uri Hub => hub;

    public CredentialGeneration Generation => generation;

    public PressedBody Body => body;

    public int PlainBytes => plainBytes;
}

internal sealed record HubAnswered(Flight Flight, HubReply Reply);

internal sealed record HubThrew(Flight Flight, Exception Error);
