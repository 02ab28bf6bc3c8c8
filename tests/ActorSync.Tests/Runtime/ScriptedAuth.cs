using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Tests.Runtime;

/// <summary>What the owner of the credential is told to say.</summary>
internal sealed class ScriptedAuth
{
    public CredentialGeneration Generation { get; set; } = new(1);

    public string? Token { get; set; }

    public bool SignedOut { get; set; }

    public Uri Hub { get; set; } = ProfileWorld.HubAddress;

    public string Account { get; set; } = "ada";

    public string? Problem { get; set; }

    public Func<AuthProtocol.CredentialRefused, AuthProtocol.Verdict>? OnRefused { get; set; }

    public List<AuthProtocol.CredentialRefused> Refused { get; } = [];

    public int Asked { get; set; }

    /// <summary>Leaves so many questions for the credential without an answer.</summary>
    public int Deaf { get; set; }

    public AuthProtocol.Binding? Binding =>
        Token is null ? null : new AuthProtocol.Binding(Hub, Account, "@" + Account, null, CanRefresh: true);

    /// <summary>What sync declared, and the token of it.</summary>
    public AuthProtocol.Loss? Lost { get; set; }

    public string? LostToken { get; set; }

    public int Declared { get; set; }

    public AuthProtocol.CurrentCredential Current =>
        new(Generation, Token is null ? null : new AccessToken(Token), Binding, Problem) { Lost = Lost };

    public AuthProtocol.CredentialChanged Changed => new(Generation, Binding, Problem) { Lost = Lost };
}

/// <summary>Makes the script speak. An <see cref="Announce"/> says what it holds now.</summary>
internal sealed class ScriptedAuthActor(ScriptedAuth script, IActorRef listener) : UntypedActor
{
    public static Props Props(ScriptedAuth script, IActorRef listener) =>
        Akka.Actor.Props.Create(() => new ScriptedAuthActor(script, listener));

    protected override void PreStart() => listener.Tell(script.Changed);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AuthProtocol.GetCredential get:
                script.Asked++;
                if (script.Deaf-- <= 0)
                {
                    script.Deaf = 0;
                    get.ReplyTo.Tell(script.Current);
                }

                break;
            case AuthProtocol.CredentialRefused refused:
                script.Refused.Add(refused);
                if (script.OnRefused is { } judge)
                {
                    var verdict = judge(refused);
                    refused.ReplyTo.Tell(verdict);
                    if (verdict is AuthProtocol.Verdict.TryAgain)
                    {
                        listener.Tell(script.Changed);
                    }
                }

                break;
            case AuthProtocol.SignOut signOut:
                (script.SignedOut, script.Token, script.Generation) = (true, null, new CredentialGeneration(script.Generation.Value + 1));
                listener.Tell(script.Changed);
                signOut.ReplyTo.Tell(new AuthProtocol.SignedOut(script.Generation));
                break;
            case AuthProtocol.DeclareLost lost when lost.Generation == script.Generation:
                script.Declared++;
                script.Lost = new AuthProtocol.Loss(script.Hub, "ada", lost.Code, lost.Text, DateTimeOffset.UnixEpoch);
                Hold(null, script.Token);
                break;
            case AuthProtocol.EndLoss ended when ended.Generation == script.Generation:
                script.Lost = null;
                Hold(script.LostToken, null);
                break;
            case AuthProtocol.GetLostCredential get:
                get.ReplyTo.Tell(
                    new AuthProtocol.CurrentCredential(
                        script.Generation,
                        new AccessToken(script.LostToken!),
                        new AuthProtocol.Binding(script.Hub, "ada", "@ada", null, CanRefresh: false),
                        null
                    )
                );
                break;
            case AuthProtocol.ILossCommand command:
                command.ReplyTo.Tell(new AuthProtocol.LossRefused("stale_generation", "another one is stored"));
                break;
            case Announce:
                listener.Tell(script.Changed);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Hold(string? token, string? lost)
    {
        (script.Token, script.LostToken, script.Generation) = (token, lost, new CredentialGeneration(script.Generation.Value + 1));
        listener.Tell(script.Changed);
    }

    internal sealed record Announce;
}
